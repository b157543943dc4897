"""What the shape of the project promises, read from its syntax trees: who imports whom, and what is declared."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = (
    "roles",
    "settings",
    "access",
    "alerts",
    "ingest",
    "queries",
    "pages",
    "server",
    "app",
    "serve_app",
    "run",
    "operations",
    "sample_traces",
)

# What each part may import of the others. The tables of schema.sql are the contract between ingest and queries.
MAY_IMPORT = {
    "roles": (),
    "settings": (),
    "ingest": ("settings",),
    "ingest.replay": ("settings", "sample_traces"),  # it sends the samples
    "queries": ("settings",),
    "alerts": ("queries", "settings"),
    "access": ("ingest.errors", "ingest.projects", "roles", "settings"),
    "pages": ("queries.client", "queries.drivers", "queries.words", "roles", "settings"),
    "app": ("pages", "queries.client", "settings"),
    "serve_app": ("pages.shared", "settings"),
    "server": ("access", "alerts", "ingest", "operations", "queries", "settings"),
    "operations": (
        "access",
        "alerts.channels",
        "alerts.rule_file",
        "ingest.content_off",
        "ingest.copying",
        "ingest.prices",
        "ingest.redaction_file",
        "ingest.retention",
        "ingest.store",
        "queries.content",
        "queries.weekly.reporting",
        "pages.shared.people",
        "roles",
        "settings",
    ),
    "run": ("settings",),
    "sample_traces": (),
}

# Which modules alone know a library.
KNOWN_ONLY_TO = {
    "streamlit": ("app", "pages", "serve_app"),
    "plotly": ("pages",),
    "duckdb": ("access.audit", "access.keyring", "alerts", "ingest", "queries", "server"),
    "grpc": ("ingest.grpc_receiver", "ingest.errors", "operations.tls", "server"),
    "starlette": (
        "access.gate",
        "ingest.receiver",
        "pages.shared.headers",
        "pages.shared.origins",
        "queries.routes",
        "queries.timing",
        "serve_app",
        "server",
    ),
    "fastapi": ("alerts.routes", "queries.api", "queries.routes", "server"),
    "apprise": (
        "alerts.channels",
        "alerts.incidents",
    ),
    "apscheduler": ("alerts.alerting", "queries.weekly.reporting", "queries.weekly.schedule"),
    "pydantic_settings": ("settings",),
}

# Installed for others to find, never imported by us.
PLUGINS = {"authlib", "httptools"}


def sources() -> Iterator[Path]:
    for part in PARTS:
        yield from [ROOT / f"{part}.py"] if (ROOT / f"{part}.py").exists() else sorted((ROOT / part).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports, wherever in it, as `package.module` and `package.module.name`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; absolute names say where a thing lives"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def allowed_imports(module: str) -> tuple[str, ...]:
    return MAY_IMPORT.get(module) or MAY_IMPORT[module.partition(".")[0]]


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_imports_run_one_way() -> None:
    wrong = [
        f"{module_name(path)} imports {imported}"
        for path in sources()
        for imported in imports(path)
        if module_name(path).partition(".")[0] != imported.partition(".")[0]
        and imported.partition(".")[0] in PARTS
        and not any(is_within(imported, allowed) for allowed in allowed_imports(module_name(path)))
    ]
    assert not wrong


def test_every_request_of_a_test_says_how_long_it_waits() -> None:
    ways = {"AsyncClient", "Client", "delete", "get", "patch", "post", "put", "request", "stream"}
    hasty = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {f"httpx.{way}" for way in ways}
        and "timeout" not in {keyword.arg for keyword in call.keywords}
    ]
    assert not hasty


def test_each_library_is_known_only_where_it_belongs() -> None:
    wrong = [
        f"{module_name(path)} imports {imported}"
        for path in sources()
        for imported in imports(path)
        if (allowed := KNOWN_ONLY_TO.get(imported.partition(".")[0])) is not None
        and not any(is_within(module_name(path), package) for package in allowed)
    ]
    assert not wrong


def test_only_settings_read_the_environment() -> None:
    readers = {
        module_name(path)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"})
    }
    assert readers <= {"run", "settings"}, "run.py hands its own on to its children; all others ask settings.py"


def test_requirements_begin_with_exactly_what_is_imported() -> None:
    text = (ROOT / "requirements.txt").read_text()
    direct = set(re.findall(r"^([\w.-]+)==", text.partition("# And what they need.")[0], re.MULTILINE))
    owners = packages_distributions()
    imported = {
        name.lower().replace("_", "-")
        for path in sources()
        for module in imports(path)
        if (top := module.partition(".")[0]) not in sys.stdlib_module_names and top not in PARTS
        for name in owners_of(module, owners)
    }
    assert direct - PLUGINS == imported


def owners_of(module: str, owners: dict[str, list[str]]) -> list[str]:
    """The distributions that hold the module; for namespace packages, by the longest known prefix."""
    namespaces = {
        "opentelemetry.proto": "opentelemetry-proto",
        "opentelemetry.exporter": "opentelemetry-exporter-otlp",
        "opentelemetry": "opentelemetry-sdk",
        "google.protobuf": "protobuf",
        "google.rpc": "googleapis-common-protos",
        "grpc_status": "grpcio-status",
    }
    for prefix, distribution in namespaces.items():
        if is_within(module, prefix):
            return [distribution]
    return list(set(owners[module.partition(".")[0]]))


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_every_requirement_is_pinned(path: Path) -> None:
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    assert not [line for line in lines if line and not re.fullmatch(r"[\w.-]+==[\w.]+|-r requirements\.txt", line)]


def test_every_command_of_the_makefile_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert commands
    described = re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)
    assert sorted(described) == sorted(commands[1].split())


def test_no_page_calls_python_from_inside_polars() -> None:
    """Two visitors who draw at once would wait for each other for ever: polars for Python's lock, Python for polars."""
    calling = [
        path.name
        for path in sorted((ROOT / "pages").rglob("*.py"))
        if re.search(r"\.map_(elements|batches)\(", path.read_text())
    ]

    assert calling == []
