"""What README.md and docs/ say is so: settings, routes, configurations and examples."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
import yaml

from alerts.rule_file import read_rules
from alerts.rules import AnyRule
from ingest.prices import PriceList
from ingest.redaction_file import read_own_rules
from pages.shared import menu
from pages.shared.people import read_login
from queries.weekly.objectives import read_objectives
from settings import Settings
from tests.serving import RunningServer, until

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SECONDS = 60
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a language in that document, in order."""
    text = (ROOT / document).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def flags_of(program: str) -> set[str]:
    shown = subprocess.run([sys.executable, program, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(re.findall(r"--[a-z]+-?[a-z]+", shown.stdout)) - {"--help"}


def test_the_table_of_settings_is_that_of_the_code() -> None:
    row = re.compile(r"^\| `(RUNLIGHT_\w+)` \| (?:`(--[\w-]+)`)?[^|]*\| (?:`([^`]*)`)? ?\| (.*) \|$", re.MULTILINE)
    server, run = flags_of("server.py"), flags_of("run.py")
    assert server < run
    expected = [
        (
            f"RUNLIGHT_{name.upper()}",
            flag if (flag := f"--{name.replace('_', '-')}") in run else "",
            "" if field.default is None else str(field.default),
            field.description,
        )
        for name, field in Settings.model_fields.items()
    ]
    assert row.findall(README) == expected


def test_the_table_of_routes_is_that_of_the_server(server: RunningServer) -> None:
    served = {
        path
        for path in httpx.get(f"{server.url}/api/openapi.json", timeout=60).json()["paths"]
        if path.startswith("/api/")
    }
    rows = re.findall(r"^\| (`/api/[^|]*) \|", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
    table = {route for row in rows for route in re.findall(r"`(/api/[^`]*)`", row)}
    assert table == {path for path in served if path != "/api/projects/{name}"}


def test_the_table_of_pages_is_that_of_the_menu() -> None:
    table = README.partition("| page |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (\w[\w ]*) \|", table, re.MULTILINE) == [entry.title for entry in menu.ENTRIES]


def test_the_configurations_are_well_formed() -> None:
    readers: dict[str, Callable[[str], Any]] = {"toml": tomllib.loads, "json": json.loads, "yaml": yaml.safe_load}
    found = {
        (document.name, language): [sorted(read(text)) for text in blocks(str(document), language)]
        for document in DOCUMENTS
        for language, read in readers.items()
    }
    assert {where: keys for where, keys in found.items() if keys} == {
        ("README.md", "json"): [["models"], ["allow", "rules"]],
        ("access.md", "toml"): [["auth", "hours", "people"]],
        ("alerts.md", "yaml"): [["rules"]],
        ("sending.md", "json"): [["telemetry"]],
        ("sending.md", "toml"): [["otel"]],
        ("sending.md", "yaml"): [["exporters", "service"]],
        ("weekly-report.md", "yaml"): [["objectives"]],
    }


def test_the_price_file_is_one_that_the_server_takes(tmp_path: Path) -> None:
    price_file = tmp_path / "prices.json"
    price_file.write_text(blocks("README.md", "json")[0])
    PriceList(price_file)


def test_the_redaction_file_is_one_that_the_server_takes(tmp_path: Path) -> None:
    path = tmp_path / "redaction.json"
    path.write_text(blocks("README.md", "json")[1])
    assert list(read_own_rules(path).rules) == ["staff_id"]


def test_the_login_file_is_one_that_the_app_takes(tmp_path: Path) -> None:
    login_file = tmp_path / "login.toml"
    login_file.write_text(blocks("docs/access.md", "toml")[0])
    assert [rule.role for rule in read_login(login_file).people] == ["admin", "reviewer"]


def test_the_objectives_are_ones_that_the_server_takes(tmp_path: Path) -> None:
    objectives_file = tmp_path / "objectives.yaml"
    objectives_file.write_text(blocks("docs/weekly-report.md", "yaml")[0])
    assert [objective.workflow for objective in read_objectives(objectives_file)] == ["refund-request", "*"]


def test_the_file_of_alert_rules_is_one_that_the_server_takes_and_the_table_has_all_kinds(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(blocks("docs/alerts.md", "yaml")[0])
    assert read_rules(path, ["ops", "mail"])["rejecting"].enabled is False
    table = (ROOT / "docs/alerts.md").read_text().partition("| kind |")[2].partition("\n\n")[0]
    told = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (.*?) \|", table, re.MULTILINE))
    kinds = {one.model_fields["kind"].annotation.__args__[0]: one for one in rule_kinds()}
    assert told.keys() == kinds.keys()
    for kind, fields in told.items():
        assert set(re.findall(r"`(\w+)`", fields)) <= kinds[kind].model_fields.keys()


def rule_kinds() -> Any:
    return get_args(get_args(AnyRule)[0])


def test_the_python_examples_are_seen_as_what_they_report(fresh_server: RunningServer) -> None:
    first, oversight = blocks("docs/sending.md", "python")[0], blocks("docs/oversight.md", "python")[0]
    source = f"{first}\n{oversight}".replace("http://127.0.0.1:4318", fresh_server.url)

    subprocess.run([sys.executable, "-W", "error", "-c", source], check=True, timeout=SECONDS)

    expected = {("refunds", 412, 37, 0, 0), ("refunds", None, None, 1, 1)}
    until(lambda: facts_of_runs(fresh_server) == expected)


def facts_of_runs(server: RunningServer) -> set[tuple[object, ...]]:
    columns = ("agent_name", "input_tokens", "output_tokens", "approval_count", "correction_count")
    runs = httpx.get(f"{server.url}/api/runs", timeout=60).raise_for_status().json()["rows"]
    return {tuple(run[column] for column in columns) for run in runs}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", document.read_text())
    assert not [path for path, _ in links if not (document.parent / path).exists()]
    pages = [(document.parent / path if path else document, section) for path, section in links if section]
    assert not [section for page, section in pages if section not in sections(page)]


def sections(document: Path) -> set[str]:
    """What the headings of a document are linked to by."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
