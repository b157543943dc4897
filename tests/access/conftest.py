"""A server that has API keys, and the keys of whoever knocks."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from access.admin import order_of_server
from access.keyring import Keyring
from access.keys import Scope
from ingest.store import Store
from tests.ingest.otlp_samples import spans
from tests.serving import RunningServer, running_server, until

# The one project that can be removed, so that even that can be tried.
PROJECT, OTHER = "demo", "shop"
GUARDED = "guarded"  # whose content is restricted
MARK = "told-by-demo-alone"
TRACE = "0af7651916cd43dd8448eb211c80319c"
# A key that acts for persons is refused whatever else it may do, as long as it names nobody.
SCOPES = frozenset(Scope) - {Scope.ACT}


@dataclass
class Locked:
    """A server with keys that other machines can reach, a run of agent MARK in PROJECT, and nothing in OTHER."""

    server: RunningServer
    http: httpx.Client

    def key(self, *scopes: Scope, projects: list[str] | None, name: str = "test") -> str:
        """A new key."""
        order = {"do": "add", "name": name, "scopes": scopes, "projects": projects}
        answer = order_of_server(self.server.database, order)
        assert answer
        return str(answer["key"])

    def revoke(self, key: str) -> str:
        """The key, which is refused from now on."""
        assert order_of_server(self.server.database, {"do": "revoke", "key_id": key.split("_")[1]}) == {}
        return key

    def unknown_key(self) -> str:
        """One that looks right."""
        return f"rl_{secrets.token_hex(6)}_{secrets.token_hex(32)}"

    def ask(self, path: str, key: str | None, method: str = "GET", **options: object) -> httpx.Response:
        """The answer to an HTTP request with this key."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        return self.http.request(method, path, headers=headers, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    database = tmp_path_factory.mktemp("locked") / "runlight.duckdb"
    backups = tmp_path_factory.mktemp("backups")
    store = Store.open(database)
    Keyring(store.cursor()).add("the first", [Scope.ADMIN], None)
    store.close()
    open_to_all = {"http_host": "0.0.0.0", "grpc_host": "0.0.0.0"}
    with (
        running_server(database, **open_to_all, sql=True, backup_folder=backups, restricted_content=GUARDED) as server,
        httpx.Client(base_url=server.url, timeout=30) as http,
    ):
        locked = Locked(server, http)
        everything = locked.key(*SCOPES, projects=[PROJECT])
        body = _run_of_mark().SerializeToString()
        headers = {"x-api-key": everything, "content-type": "application/x-protobuf"}
        httpx.post(f"{server.url}/v1/traces", content=body, headers=headers, timeout=60).raise_for_status()
        until(lambda: locked.ask("/api/runs?since=2025-12-31", everything).json()["rows"])
        yield locked


def _run_of_mark() -> ExportTraceServiceRequest:
    request = spans(TRACE)
    (span,) = request.resource_spans[0].scope_spans[0].spans
    for key, value in {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": MARK,
        "gen_ai.conversation.id": "talk",
    }.items():
        span.attributes.add(key=key).value.string_value = value
    return request
