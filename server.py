"""Wires the service: settings → store → OTLP receivers and the read API. No logic."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence

import uvicorn

from ingest.grpc_receiver import start_grpc
from ingest.prepare import Preparer
from ingest.prices import PriceFileError, PriceList
from ingest.projects import project_of
from ingest.receiver import otlp_routes
from ingest.redact import Redactor
from ingest.store import Store, StoreError
from ingest.stored import Records
from ingest.writer import Writer
from queries.api import create_api
from queries.database import Database
from queries.summaries import Summaries
from settings import Settings

_BACKLOG = 2048
_FLAGS = {
    "http_host": "address of OTLP/HTTP and the read API",
    "http_port": "port of OTLP/HTTP and the read API; 0 picks a free one",
    "grpc_host": "address of OTLP/gRPC",
    "grpc_port": "port of OTLP/gRPC; 0 picks a free one",
    "database": "the DuckDB file",
}


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code: 0 after a clean stop, 2 if it could not start."""
    parser = argparse.ArgumentParser(
        prog="server.py", description="Runlight: receives OTLP, keeps it, answers questions."
    )
    for name, meaning in _FLAGS.items():
        default = Settings.model_fields[name].default
        parser.add_argument(
            f"--{name.replace('_', '-')}", help=f"{meaning} (default {default}, or RUNLIGHT_{name.upper()})"
        )
    flags = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        settings = Settings(**flags)
        listener = _listen(settings)
        store = Store.open(settings.database)
        prices = PriceList(settings.price_file)
    except (ValueError, OSError, StoreError, PriceFileError) as error:
        print(f"runlight: {error}", file=sys.stderr)
        return 2
    return asyncio.run(_serve(settings, listener, store, prices))


async def _serve(settings: Settings, listener: socket.socket, store: Store, prices: PriceList) -> int:
    summaries = Summaries(store.cursor())
    writer = Writer(
        store,
        Preparer(prices, Redactor.default()),
        queue_bytes=settings.queue_bytes,
        gather_ms=settings.gather_ms,
        on_commit=summaries.wake,
    )
    summaries.start()
    writer.start()
    api = create_api(
        Database(store.cursor()),
        Records(store.cursor()),
        waiting_bytes=lambda: writer.waiting_bytes,
        remove_project=writer.remove_project,
    )
    api.router.routes[:0] = otlp_routes(writer, settings, project_of)
    try:
        grpc_server, grpc_port = start_grpc(writer, settings, project_of)
    except RuntimeError:
        print(_busy(settings.grpc_host, settings.grpc_port, "--grpc-port", "RUNLIGHT_GRPC_PORT"), file=sys.stderr)
        writer.stop()
        summaries.stop()
        store.close()
        return 2
    http = uvicorn.Server(
        uvicorn.Config(api, log_config=None, access_log=False, timeout_graceful_shutdown=10, server_header=False)
    )
    print(f"runlight http listening url=http://{_address(settings.http_host, listener.getsockname()[1])}", flush=True)
    print(f"runlight grpc listening address={_address(settings.grpc_host, grpc_port)}", flush=True)
    for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn stops on them, then raises them again
        signal.signal(number, lambda *_: None)
    await http.serve(sockets=[listener])
    grpc_server.stop(grace=10).wait()
    writer.stop()
    summaries.stop()
    store.close()
    return 0


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.http_host, settings.http_port))
        listener.listen(_BACKLOG)
    except OSError as error:
        raise OSError(
            _busy(settings.http_host, settings.http_port, "--http-port", "RUNLIGHT_HTTP_PORT") + f" ({error.strerror})"
        ) from None
    return listener


def _busy(host: str, port: int, flag: str, variable: str) -> str:
    return f"cannot listen on {_address(host, port)}: choose another port with {flag} or {variable}"


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
