"""The weekly report: its numbers are those counted by hand, in every form, and nothing in it is more than text."""

import csv
import html.parser
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from ingest.intake import Signal
from queries.database import Database
from queries.weekly.approving import decided
from queries.weekly.as_markdown import escaped
from queries.weekly.charts import WIDTH, svg_of
from queries.weekly.document import Chart, Report, Series, Table, Unit
from queries.weekly.failing import errors_section
from queries.weekly.forms import FORMS
from queries.weekly.machines import header, tables
from queries.weekly.making import make_report
from queries.weekly.objectives import Objective
from queries.weekly.people import shown_report, shown_table
from queries.weekly.weeks import read_week
from sample_traces import history
from tests.ingest.pipeline import pipeline
from tests.queries.conftest import rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, empty_store, insert
from tests.queries.samples import PROJECT, Samples
from tests.queries.weekly_samples import sample_report, samples
from tests.test_sample_traces import FACTS

__all__ = ["sample_report", "samples"]

SAMPLE_WEEK = read_week("2026-W47", "UTC")
HISTORY_END = datetime(2026, 11, 16, tzinfo=UTC)
HISTORY_DAYS = 3  # of the week, enough for all that it is counted for
HISTORY_WEEK = read_week("2026-W46", "UTC")
HUMAN = {"approved", "approved_modified", "rejected"}


@pytest.fixture(scope="module")
def history_report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    with pipeline(tmp_path_factory.mktemp("history") / "runlight.duckdb") as running:
        for signal, body in history.requests(HISTORY_END, days=HISTORY_DAYS):
            running.send({"traces": Signal.SPAN, "logs": Signal.LOG}[signal], body)
        rebuild_all(running.store.cursor())
        yield make_report(Database(running.store.cursor()), PROJECT, None, HISTORY_WEEK, HISTORY_WEEK.until_ns)


def figures(report: Report) -> dict[str, tuple[Any, Any, Any]]:
    """Each figure's value, numerator and denominator."""
    rows = table(report, "figures")
    return {row["figure"]: (row["value"], row["numerator"], row["denominator"]) for row in rows}


def table(report: Report, name: str) -> list[dict[str, Any]]:
    found = next(one for one in report.tables() if one.name == name)
    return [dict(zip([column.name for column in found.columns], row, strict=True)) for row in found.rows]


def test_the_figures_of_the_sample_week_are_the_hand_count(sample_report: Report) -> None:
    approvals = [one for fact in FACTS for one in str(fact["approvals"] or "").split(", ") if one]
    reviewed = [fact for fact in FACTS if fact["corrections"] or HUMAN & set(str(fact["approvals"] or "").split(", "))]
    ended = sum(fact["status"] in ("ok", "error", "abandoned") for fact in FACTS)
    failed = sum(fact["status"] == "error" for fact in FACTS)
    cost = sum(fact["cost USD"] or 0 for fact in FACTS)
    by_humans = [one for one in approvals if one in HUMAN]
    yes = sum(one != "rejected" for one in by_humans)
    corrected = sum(fact["corrections"] is not None for fact in FACTS)
    found = figures(sample_report)
    assert found["Runs"] == (len(FACTS), None, None) == (20, None, None)
    assert found["Error rate"] == (pytest.approx(failed / ended), failed, ended)
    assert found["Cost"] == (pytest.approx(cost), None, len(FACTS))
    assert found["Cost per run"] == (pytest.approx(cost / len(FACTS)), pytest.approx(cost), len(FACTS))
    assert found["Approvals asked for"][0] == len(approvals)
    assert found["Approval rate"] == (pytest.approx(yes / len(by_humans)), yes, len(by_humans))
    assert found["Approvals expired"] == (pytest.approx(1 / len(approvals)), 1, len(approvals))
    assert found["Human correction rate"] == (pytest.approx(corrected / len(reviewed)), corrected, len(reviewed))


def test_the_rest_of_the_sample_week_is_the_hand_count(sample_report: Report) -> None:
    facts = {fact["workflow"]: fact for fact in FACTS}
    spent = {row["workflow"]: row["cost_usd"] for row in table(sample_report, "cost")}
    assert next(iter(spent)) == "competitor-watch"
    assert spent["competitor-watch"] == pytest.approx(facts["competitor-watch"]["cost USD"])
    assert {row["model"]: row["call_count"] for row in table(sample_report, "unpriced-models")} == {
        "juriscan-13b-2026-10": 2
    }
    (waiting,) = table(sample_report, "backlog")
    assert waiting["workflow_name"] == "payout-review"
    waits = {row["value"]: row["p50_wait_ms"] for row in table(sample_report, "approvals")}
    assert waits["issue_refund"] == 252_000
    corrected = {row["step_name"]: row["example_after"] for row in table(sample_report, "corrections")}
    assert "11980" in corrected["schedule_payment"]
    assert {row["state"] for row in table(sample_report, "errors")} == {"ongoing"}, "there is no week before"
    assert "LedgerUnavailableError" in {row["error_type"] for row in table(sample_report, "errors")}
    assert not sample_report.is_final
    said = [sentence for section in sample_report.sections for sentence in section.sentences]
    assert any("2 runs were not over when this report was made (1 running, 1 waiting" in one for one in said)
    assert len(sample_report.summary) == 3


def test_objectives_are_held_against_the_hand_count(sample_report: Report) -> None:
    drafts = [fact for fact in FACTS if fact["workflow"] == "reply-drafting"]
    per_run = sum(fact["cost USD"] for fact in drafts) / len(drafts)
    rows = {(row["workflow"], row["objective"]): row for row in table(sample_report, "objectives")}
    assert list(rows) == [
        ("invoice-posting", "Success rate"),
        ("reply-drafting", "Success rate"),
        ("reply-drafting", "Cost per run"),
        ("reply-drafting", "Correction rate"),
    ]
    failing = rows["invoice-posting", "Success rate"]
    assert (failing["value"], failing["used_share"], failing["state"]) == (0, 2, "missed")  # one of half a run
    assert rows["reply-drafting", "Success rate"]["used_share"] == 0
    dear = rows["reply-drafting", "Cost per run"]
    assert (dear["value"], dear["state"]) == (pytest.approx(per_run), "missed")
    corrected = rows["reply-drafting", "Correction rate"]
    assert (corrected["numerator"], corrected["denominator"], corrected["used_share"]) == (1, 1, 2)


def test_a_week_of_history_comes_to_what_was_counted_when_it_was_planned(history_report: Report) -> None:
    planned, found = history.totals(HISTORY_END, days=HISTORY_DAYS), figures(history_report)
    assert found["Runs"][0] == planned.run_count > 400
    assert found["Error rate"][1] == planned.error_run_count
    assert found["Cost"][0] == pytest.approx(planned.cost_usd)
    assert found["Approvals asked for"][0] == planned.approvals_by_decision.total()
    assert found["Approval rate"][2] == planned.approvals_by_decision.total() - planned.approvals_by_decision["expired"]
    assert found["Approvals expired"][1] == planned.approvals_by_decision["expired"]
    assert found["Human correction rate"][1:] == (planned.corrected_run_count, planned.reviewed_run_count)
    spent = {row["workflow"]: (row["run_count"], row["cost_usd"]) for row in table(history_report, "cost")}
    assert spent == {
        name: (count, pytest.approx(planned.cost_usd_by_workflow[name]))
        for name, count in planned.runs_by_workflow.items()
    }
    assert len(table(history_report, "releases")) >= planned.change_count
    by_day = next(one for one in tables(history_report) if one.name == "runs-by-day")
    assert sum(value for row in by_day.rows for value in row[1:] if isinstance(value, int | float)) == planned.run_count


# The same numbers in every form


def printed(report: Report) -> list[str]:
    """All that a form for people must say, in its order."""
    shown = shown_report(report)
    said = [shown.title, shown.subtitle, *shown.summary]
    for section in shown.sections:
        said += [section.title, *section.sentences]
        for block in section.blocks:
            if block.type == "table":
                said += [block.caption, *(cell.text for row in block.rows for cell in row if not cell.svg)]
    return [one for one in said if one]


class _Text(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.tags = "", []

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def read_html(body: bytes) -> _Text:
    reader = _Text()
    reader.feed(body.decode())
    return reader


def read_pdf(body: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)


def unspaced(text: str) -> str:
    """Without the spaces that setting type adds and loses."""
    return re.sub(r"[\s\u200b\u00ad-]", "", text)


def test_html_and_markdown_and_pdf_say_every_number(sample_report: Report) -> None:
    markdown = FORMS["md"].render(sample_report).decode()
    page = unspaced(read_html(FORMS["html"].render(sample_report)).text)
    paper = unspaced(read_pdf(FORMS["pdf"].render(sample_report)))
    for said in printed(sample_report):
        assert escaped(said) in markdown
        assert unspaced(said) in page
        assert unspaced(said) in paper


def test_csv_and_workbook_hold_every_number(sample_report: Report) -> None:
    archive = zipfile.ZipFile(io.BytesIO(FORMS["zip"].render(sample_report)))
    book = openpyxl.load_workbook(io.BytesIO(FORMS["xlsx"].render(sample_report)))
    expected = tables(sample_report)
    assert [Path(name).stem.partition("-")[2] for name in archive.namelist()] == [one.name for one in expected]
    assert book.sheetnames == ["summary", *(one.name[:31] for one in expected)]
    for name, one in zip(archive.namelist(), expected, strict=True):
        columns = one.shown_columns("machines")
        rows = [[row[place] for place, _ in columns] for row in one.rows]
        head, *lines = csv.reader(io.StringIO(archive.read(name).decode(), newline=""))
        assert head == [header(column) for _, column in columns]
        assert lines == [["" if value is None else str(value) for value in row] for row in rows]
        sheet = [[cell.value for cell in row] for row in book[one.name[:31]].iter_rows()]
        assert sheet == [head, *[[None if value == "" else value for value in row] for row in rows]]


def test_the_page_is_accessible_and_asks_for_nothing(history_report: Report) -> None:
    page = read_html(FORMS["html"].render(history_report))
    names = [name for name, _ in page.tags]
    levels = [int(name[1]) for name in names if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    assert names.count("table") == names.count("caption") == names.count("thead")
    assert all(told.get("scope") in ("col", "row") for name, told in page.tags if name == "th")
    pictures = [told for name, told in page.tags if name == "svg"]
    assert len(pictures) == 6
    assert all(told["role"] == "img" and (told.get("aria-label") or told.get("aria-labelledby")) for told in pictures)
    ids = [told["id"] for _, told in page.tags if "id" in told]
    assert len(ids) == len(set(ids))
    assert not {"script", "link", "img", "iframe", "object"} & set(names)
    assert not [told for _, told in page.tags if "src" in told or not told.get("href", "#").startswith("#")]
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY}) in page.tags


def test_no_line_of_the_page_ends_between_a_sign_and_its_amount(sample_report: Report) -> None:
    told = sample_report.model_copy(update={"summary": ["Cost −$1,013.52, not <b>+$2.</b>"]})
    page = FORMS["html"].render(told).decode()
    amounts = ['<span class="unbroken">−$1,013.52</span>', '<span class="unbroken">+$2</span>']
    assert "<p>Cost {}, not &lt;b&gt;{}.&lt;/b&gt;</p>".format(*amounts) in page


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_the_paper_is_tagged_titled_and_has_vectors_for_pictures(history_report: Report) -> None:
    paper = pypdf.PdfReader(io.BytesIO(FORMS["pdf"].render(history_report)))
    assert paper.metadata
    assert paper.metadata.title == f"{history_report.title}, {history_report.subtitle}"
    root = paper.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert {"/H1", "/H2", "/TH", "/Figure"} <= tags(root["/StructTreeRoot"]["/K"])
    assert not [image for page in paper.pages for image in page.images]


def tags(node: Any) -> set[str]:
    """The kinds of all elements of a tagged document; every figure must tell what it shows."""
    node = node.get_object()
    if isinstance(node, list):
        return set().union(*map(tags, node))
    if not isinstance(node, dict):
        return set()
    assert node.get("/S") != "/Figure" or node["/Alt"]
    return {str(node.get("/S"))} | (tags(node["/K"]) if "/K" in node else set())


# The same bytes


@pytest.mark.parametrize("form", FORMS)
def test_the_bytes_depend_on_the_report_alone(sample_report: Report, form: str) -> None:
    again = Report.model_validate_json(FORMS["json"].render(sample_report))
    assert FORMS[form].render(again) == FORMS[form].render(sample_report)


def test_files_bear_the_time_of_the_report_and_no_other(sample_report: Report) -> None:
    made = datetime.fromisoformat(sample_report.made_at)
    archive = zipfile.ZipFile(io.BytesIO(FORMS["zip"].render(sample_report)))
    assert {entry.date_time for entry in archive.infolist()} == {made.timetuple()[:6]}
    workbook = zipfile.ZipFile(io.BytesIO(FORMS["xlsx"].render(sample_report)))
    times = re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", workbook.read("docProps/core.xml").decode())
    assert set(times) == {sample_report.made_at}
    assert {entry.date_time[:3] for entry in workbook.infolist()} == {(1980, 1, 1)}
    paper = pypdf.PdfReader(io.BytesIO(FORMS["pdf"].render(sample_report)))
    assert paper.metadata
    assert paper.metadata.creation_date == paper.metadata.modification_date == made


# Hostile telemetry

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "</title></style><img src=x onerror=alert(1)>",
    "[link](https://outside.invalid) **bold** `code` $x$ | cell",
    "www.outside.invalid someone@outside.invalid ![p](https://outside.invalid/p.png)",
    '#eval("1") #let x = 1 $ #image("/etc/passwd") \\ */',
    '=HYPERLINK("https://outside.invalid")',
    "@SUM(1+1)",
    "\u202eright to left \x1b[31m \x00 \ufffe",
    "x" * 5_000,
]


@pytest.fixture(scope="module")
def hostile_report() -> Report:
    store, telling = empty_store(), Telling()
    for number, text in enumerate(HOSTILE):
        story = {"trace": str(number), "workflow_name": text, "service_name": text, "service_version": text}
        root = f"root {number}"
        telling.span(root, "agent", at=number, lasts=5, agent_name=text, **story)
        failed = {"tool_name": text, "error_type": text, "error_message": text, "is_error": True}
        telling.span(f"tool {number}", "tool", at=number + 1, under=root, **failed, **story)
        called = {"requested_model": text, "served_model": f"{text}!", "provider": text, "input_tokens": 5}
        telling.span(f"call {number}", "llm", at=number + 2, under=root, **called, **story)
    insert(store, telling.rows)
    rebuild_all(store)
    held = Objective(workflow="*", success_rate=0.99)
    return make_report(Database(store), "default", None, SAMPLE_WEEK, START_NS + 3_600 * SECOND, (held,))


def test_hostile_telemetry_is_text_in_every_form(hostile_report: Report) -> None:
    body = FORMS["html"].render(hostile_report)
    page = read_html(body)
    assert not {"script", "img", "a"} & {name for name, told in page.tags if not told.get("href", "").startswith("#")}
    assert "<script>window.hacked = 1</script>" in page.text, "it is there, as text"
    assert "\\u202e" in page.text
    assert "\u202e" not in page.text
    markdown = FORMS["md"].render(hostile_report).decode()
    assert not re.search(r"(?<!\\)<script|(?<!\\)\]\(https|https://|(?<![\\])\*\*bold|www\.", markdown)
    archive = zipfile.ZipFile(io.BytesIO(FORMS["zip"].render(hostile_report)))
    cells = [
        cell
        for name in archive.namelist()
        for row in csv.reader(io.StringIO(archive.read(name).decode()))
        for cell in row
    ]
    assert [cell for cell in cells if cell.startswith(("=", "@", "+"))] == []
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    book = openpyxl.load_workbook(io.BytesIO(FORMS["xlsx"].render(hostile_report)))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}, "texts and numbers, no formula"
    assert not any(cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row)
    paper = unspaced(read_pdf(FORMS["pdf"].render(hostile_report)))
    assert unspaced('#image("/etc/passwd")') in paper


def test_no_cell_is_longer_than_anybody_reads(hostile_report: Report) -> None:
    cells = [cell.text for one in hostile_report.tables() for row in shown_table(one, "UTC").rows for cell in row]
    assert max(map(len, cells)) <= 1_000


# Weeks


@pytest.mark.parametrize("name", ["2026-W45", "2026-W46"])
def test_a_week_without_runs_says_so_in_every_form(name: str) -> None:
    week = read_week(name, "UTC")
    report = make_report(Database(empty_store()), "default", None, week, week.until_ns)
    assert report.summary == [f"No run began in week {name}, so there is nothing to report."]
    assert not tables(report), "nothing is drawn of nothing"
    assert sentences(report, "coverage")[-1].startswith("Nothing arrived during the week itself, so gaps"), "nor later"
    for form in FORMS.values():
        assert form.render(report)


def test_a_week_after_the_last_run_has_objectives_without_data(samples: Samples) -> None:
    held = (Objective(workflow="*", success_rate=0.9),)
    week = read_week("2026-W48", "UTC")
    report = make_report(samples.database, PROJECT, None, week, week.until_ns, held)
    assert sentences(report, "objectives")[0].endswith("; nothing ran in this week that could meet or miss them.")
    assert {row["state"] for row in table(report, "objectives")} == {"no data"}


def test_what_is_known_of_no_day_is_not_drawn(sample_report: Report, hostile_report: Report) -> None:
    assert "cost-by-day" in {one.name for one in tables(sample_report)}
    assert "cost-by-day" not in {one.name for one in tables(hostile_report)}, "no model in it has a price"


def sentences(report: Report, name: str) -> list[str]:
    return next(section.sentences for section in report.sections if section.name == name)


def test_decisions_without_a_time_are_told_without_a_wait() -> None:
    told = decided({"approval_count": 1, "human_count": 1, "p50_wait_ms": None, "p95_wait_ms": None})
    assert told.endswith("asked for permission 1 time; humans decided 1; how long that took is not known.")


@pytest.mark.parametrize(("text", "told"), [("- x", "\\- x"), ("1. x", "1\\. x"), ("2.3%", "2.3%"), ("+68", "+68")])
def test_no_paragraph_becomes_a_list_in_markdown(text: str, told: str) -> None:
    assert escaped(text) == told


def test_runs_belong_to_the_week_of_the_reports_time_zone() -> None:
    """On Sunday at 23:30 UTC it is Monday in Berlin; on that Sunday the clocks went back."""
    store, monday = empty_store(), datetime(2026, 10, 26, tzinfo=UTC)
    times_s = [(monday - timedelta(hours=hours)).timestamp() - START_NS / SECOND for hours in (0.5, 1.5)]
    telling = Telling()
    for number, at in enumerate(times_s):
        telling.span(f"root {number}", "agent", at=at, trace=str(number), agent_name="a")
    insert(store, telling.rows)
    rebuild_all(store)
    counted = {}
    for tz in ("UTC", "Europe/Berlin"):
        week = read_week("2026-W43", tz)
        report = make_report(Database(store), "default", None, week, week.until_ns + 1)
        counted[tz] = figures(report)["Runs"][0]
    assert counted == {"UTC": 2, "Europe/Berlin": 1}
    berlin = read_week("2026-W43", "Europe/Berlin")
    assert (berlin.until_ns - berlin.since_ns) == 169 * 3_600 * SECOND
    assert (berlin.since_ns - berlin.before().since_ns) == 168 * 3_600 * SECOND


# What is in no test's telemetry


def test_new_errors_are_told_however_few_runs_met_them() -> None:
    def group(number: int, state: str) -> dict[str, Any]:
        names = ("kind", "error_type", "pattern", "run_count_before", "first_seen_at", "last_seen_at", "fingerprint")
        counts = dict.fromkeys(("run_count", "failed_run_count", "error_count"), 1)
        return dict.fromkeys(names) | counts | {"subject": f"{number}", "state": state, "workflows": [], "releases": []}

    groups = [group(number, "new" if number in (15, 18) else "ongoing") for number in range(20)]
    (table,) = errors_section(groups).blocks
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["ongoing"] * 10 + ["new"] * 2


def test_a_legend_names_every_series() -> None:
    names = ["approved", "changed", "rejected", "automatic", "expired", "pending"]
    series = [Series(name=name, role=name, values=[1]) for name in names]
    days = {"keys": ["2026-11-16"], "labels": ["Mon 16"], "alt": "", "title": "", "name": "decisions"}
    drawn = svg_of(Chart(kind="stacked", unit=Unit.COUNT, series=series, **days))
    places = [re.search(rf'<text [^>]*x="([\d.]+)" y="([\d.]+)"[^>]*>{name}</text>', drawn) for name in names]
    assert len({place.groups() for place in places if place}) == len(names)
    assert all(float(place[1]) + 6 * len(name) < WIDTH for name, place in zip(names, places, strict=True) if place)


def test_paper_has_letters_of_many_scripts_and_spells_out_what_its_fonts_lack(sample_report: Report) -> None:
    paper = read_pdf(
        FORMS["pdf"].render(sample_report.model_copy(update={"title": "退款流程 返金ワーク 환불 🚀 👍🏽 ไป ⚙️"}))
    )
    for said in ("退款流程", "返金ワーク", "환불", "[rocket]", "[thumbs up sign]", "\\u0e44\\u0e1b", "⚙"):
        assert said in paper
