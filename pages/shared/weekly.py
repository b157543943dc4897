"""Weekly reports: which one is meant, its files, and those that were made before."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from pages.shared import address, data, links, login, menu, rows
from pages.shared.address import Query
from pages.shared.format import file_name, local_time, one_line
from queries.client import ApiError

PREVIEW_PIXELS = 1_000
MOST_WEEKS = 104
FORMS = {
    "pdf": ("PDF", ":material/picture_as_pdf:"),
    "html": ("HTML", ":material/html:"),
    "xlsx": ("Excel", ":material/table:"),
    "zip": ("CSV", ":material/folder_zip:"),
    "md": ("Markdown", ":material/markdown:"),
    "json": ("JSON", ":material/data_object:"),
}
_ALL = ""


@dataclass(frozen=True)
class Wanted:
    """A report: of a project's week, of one workflow unless it is ''."""

    project: str
    week: str
    workflow: str

    @property
    def asked(self) -> dict[str, Any]:
        """By the names of the read API."""
        return {"project": self.project, "week": self.week, "workflow": self.workflow or None}


@dataclass(frozen=True)
class Shown:
    """The report that is shown; `made_at` is null of one in which nothing ran, which is not kept."""

    wanted: Wanted
    made_at: datetime | None
    version: int
    is_final: bool
    tz: str = "UTC"

    def runs(self) -> Query:
        """The query of the page Runs that lists the runs that the report is about."""
        monday = _monday(self.wanted.week)
        since, until = (
            datetime.combine(day, time(), ZoneInfo(self.tz)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for day in (monday, monday + timedelta(weeks=1))
        )
        asked: Query = {"project": self.wanted.project, "window": "custom", "since": since, "until": until}
        if self.wanted.workflow:
            asked["workflow"] = self.wanted.workflow
        return asked

    def told(self, zone: str) -> str:
        """When it was made, and whether its numbers still change."""
        if self.made_at is None:
            return "Nothing ran in this week, so this report is not kept."
        open_week = "" if self.is_final else ", before its week was over"
        return f"Made {local_time(self.made_at, zone)}{open_week}; version {self.version}"

    def file(self, form: str) -> bytes:
        """The report in a form."""
        made_at = None if self.made_at is None else self.made_at.isoformat()
        return _file(login.seen_by(), **self.wanted.asked, form=form, made_at=made_at, version=self.version)

    def preview(self) -> str:
        """The HTML as an address of its own, so that the page in it has no way to this one."""
        return f"data:text/html;charset=utf-8;base64,{b64encode(self.file('html')).decode()}"


@st.cache_data(max_entries=64, show_spinner="Fetching the report …")
def _file(seen_by: str, *, form: str, version: int, **asked: Any) -> bytes:
    return data.client().weekly_report(form=form, **asked)


def weeks(project: str) -> list[str]:
    """From this one back to that of the project's first run."""
    first = data.answer("compared", project=project)["first_run_at"][0].date()
    today = datetime.now(UTC).date()
    monday, first_monday = (day - timedelta(days=day.weekday()) for day in (today, first))
    count = max(1, min(MOST_WEEKS, (monday - first_monday).days // 7 + 1))
    return [_name(monday - timedelta(weeks=age)) for age in range(count)]


def _name(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def choose_week(known: list[str]) -> str:
    """The week of the address, else the last one that is over."""
    usual = known[1] if len(known) > 1 else known[0]
    week = address.text("week", usual, known)
    bound = address.bound("week", week, usual, drops=("made",))
    st.selectbox("Week", known, format_func=_with_dates, width=260, **bound)
    return week


def _monday(week: str) -> date:
    return datetime.strptime(f"{week}-1", "%G-W%V-%u").replace(tzinfo=UTC).date()


def _with_dates(week: str) -> str:
    monday = _monday(week)
    sunday = monday + timedelta(days=6)
    return f"{week}: {monday.day} {monday:%b} to {sunday.day} {sunday:%b %Y}"


def choose_workflow(project: str) -> str:
    """The workflow of the address, '' for all together."""
    found = data.answer("filter_values", project=project, since=data.ALL_TIME)
    known = [_ALL, *found.filter(pl.col("field") == "workflow")["value"]]
    links.complain_unless_among("workflow", known)
    workflow = address.text("workflow", _ALL, known)
    bound = address.bound("workflow", workflow, _ALL, drops=("made",))
    st.selectbox("Workflow", known, format_func=lambda name: one_line(name, 60) or "All together", width=260, **bound)
    return workflow


def draw_button(wanted: Wanted) -> None:
    """Makes the report anew."""
    st.button(
        "Make it anew",
        key="make_report",
        icon=":material/refresh:",
        help="With what is known now; it lists what changed since it was last made",
        on_click=_make,
        args=(wanted,),
    )
    if problem := st.session_state.pop("report_not_made", None):
        links.say_refusal(problem)


def _make(wanted: Wanted) -> None:
    try:
        data.client().make_weekly_report(**wanted.asked)
    except ApiError as error:
        st.session_state["report_not_made"] = error
    else:
        address.change(made=None)


def shown(wanted: Wanted) -> Shown:
    """The report that the address asks for; it is made if there is none."""
    made = address.text("made")
    row = _row(wanted, made)
    if row is None or (not made and _is_overtaken(row)):
        with st.spinner("Making the report …"):
            data.client().weekly_report(**wanted.asked, form="json")
        row = _row(wanted, "")
    if row is None:
        return Shown(wanted, None, 0, False)
    return Shown(wanted, row["made_at"], row["version"], row["is_final"], row["tz"])


def _row(wanted: Wanted, made: str) -> dict[str, Any] | None:
    """The latest of those that were made, or that of the moment `made`."""
    found: pl.DataFrame = data.client().weekly_reports(project=wanted.project, week=wanted.week)
    found = found.filter(pl.col("workflow").fill_null(_ALL) == wanted.workflow).sort("version", descending=True)
    for row in found.iter_rows(named=True):
        if not made or row["made_at"].isoformat() == made:
            return row
    return None


def _is_overtaken(row: dict[str, Any]) -> bool:
    """Whether it was made before its week was over, and that is past."""
    year, week, _ = datetime.now(UTC).isocalendar()
    return not row["is_final"] and row["week"] < f"{year}-W{week:02}"


def draw_downloads(report: Shown) -> None:
    """The report in all of its forms."""
    wanted = report.wanted
    name = f"{wanted.week}-{file_name(wanted.workflow)}" if wanted.workflow else wanted.week
    with st.container(horizontal=True, vertical_alignment="center", key="download_report"):
        for form, (label, icon) in FORMS.items():
            st.download_button(
                label,
                data=partial(report.file, form),
                file_name=f"{name}.{form}",
                key=f"download_{form}",
                icon=icon,
                on_click="ignore",
            )
        st.page_link(menu.RUNS.script, label="Runs of this week", icon=menu.RUNS.icon, query_params=report.runs())


def draw_history(project: str, zone: str) -> None:
    """The reports that were made, the newest week first; one that is chosen is shown."""
    found: pl.DataFrame = data.client().weekly_reports(project=project)
    if found.is_empty():
        return
    st.subheader("Made before")
    columns = {
        "week": rows.text("Week", 110),
        "workflow": rows.text("Workflow", 220),
        "version": st.column_config.NumberColumn("Version", width=80),
        "made_at": rows.time("Made", zone),
        "state": rows.text("State", 220),
    }
    listed = found.select(
        "week",
        rows.words(found, pl.col("workflow").fill_null("all together"), 80),
        "version",
        "made_at",
        state=pl.when("is_final").then(pl.lit("final")).otherwise(pl.lit("before its week was over")),
    )

    def choose(row: int) -> None:
        kept = found.row(row, named=True)
        address.change(week=kept["week"], workflow=kept["workflow"], made=kept["made_at"].isoformat())

    rows.choosing("weekly_reports", "reports that were made, the newest week first", listed, columns, choose)
