"""The plain spans beneath an agent's: what a database client and an HTTP client are instrumented to tell."""

from dataclasses import dataclass

from bench.chance import Chance
from bench.spans import Value
from bench.words import Book


@dataclass(frozen=True, slots=True)
class Call:
    """A call over the network: its span's name, scope and attributes."""

    name: str
    scope: str
    attributes: dict[str, Value]


def database_call(chance: Chance, book: Book, service: str) -> Call:
    """A query of a few hundred letters."""
    table = chance.pick(("orders", "tickets", "invoices", "shipments"))
    columns = book.passage(chance, 40, 400).lower().replace(" ", ", ")
    attributes: dict[str, Value] = {
        "db.system.name": "postgresql",
        "db.namespace": service,
        "db.operation.name": "SELECT",
        "db.collection.name": table,
        "db.query.text": " ".join(("select", columns, "from", table, "where order_number = $1")),
        "server.address": "db.internal.example",
        "server.port": 5432,
    }
    return Call(f"SELECT {table}", "opentelemetry.instrumentation.psycopg", attributes)


def http_call(chance: Chance, service: str) -> Call:
    """A request to a service of the house."""
    attributes: dict[str, Value] = {
        "http.request.method": "POST",
        "url.full": f"https://{service}.internal.example/v2/items/{chance.hex(12)}?page=1",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "user_agent.original": "python-httpx/0.28.1",
        "server.address": f"{service}.internal.example",
        "server.port": 443,
    }
    return Call("POST", "opentelemetry.instrumentation.httpx", attributes)
