"""The weekly reports of a server: set up by its settings, and written to a folder by schedule."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from queries import questions
from queries.database import Database
from queries.filters import BadFilter, read_zone
from queries.weekly.document import Report
from queries.weekly.forms import FORMS
from queries.weekly.keeping import KeptReports, Wanted, WeeklyReports
from queries.weekly.objectives import ObjectivesError, read_objectives
from queries.weekly.schedule import latest_time, read_schedule
from queries.weekly.weeks import Week
from settings import Settings, SettingsError, variable

log = logging.getLogger(__name__)


class ReportSettingsError(SettingsError):
    """One line that names the setting and what is wrong with it."""


class Tell(Protocol):
    """Tells people of something to read."""

    def __call__(self, project: str, subject: str, title: str, lines: Sequence[str], page: str) -> None:
        """In these lines, and by a page of the app, which is named by its path and query without the project."""
        ...


class Reporting:
    """Makes the reports of `weekly` when somebody asks, and of every project when the schedule says so."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        kept: KeptReports,
        tell: Tell,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`tell` is called when a report of the schedule was written. Raises ReportSettingsError."""
        self.weekly = _weekly(settings, kept)
        self._database = database
        self._folder = settings.report_folder
        self._tell = tell
        self._clock_ns = clock_ns
        self._trigger = _trigger(settings)
        self._scheduler = BackgroundScheduler(timezone=self.weekly.tz)
        self._catching_up = threading.Thread(target=self.catch_up, name="report-catch-up")
        self._writing = threading.Lock()

    def start(self) -> None:
        """Write reports from now on, if there is a schedule, and those whose time passed while nobody wrote them."""
        if self._trigger is not None:
            self._scheduler.add_job(self.write, self._trigger, coalesce=True, misfire_grace_time=None, max_instances=1)
            self._scheduler.start()
            self._catching_up.start()

    def stop(self) -> None:
        """Returns when no report is being written any more."""
        if self._scheduler.running:
            self._scheduler.shutdown()
            self._catching_up.join()

    def write(self) -> None:
        """The report of the last week that is over, of each project that has runs, in every form; and tell of each."""
        week = self.weekly.last_week(self._clock_ns())
        for project in self._projects():
            with _others_go_on(project, week):
                self._write(self._report(project, week))

    def catch_up(self) -> None:
        """The same as at the schedule's latest time, of the projects that had runs and whose files are not there."""
        now = datetime.fromtimestamp(self._clock_ns() / 10**9, UTC)
        due = latest_time(self._trigger, now) if self._trigger else None
        if due is None:
            return
        week = self.weekly.last_week(round(due.timestamp()) * 10**9)
        for project in self._projects():
            with _others_go_on(project, week):
                if all(path.exists() for path in report_paths(self._folder / project, week.name).values()):
                    continue
                report = self._report(project, week)
                if report.facts["runs"]:
                    self._write(report)

    def _projects(self) -> list[str]:
        return [row["project"] for row in questions.projects(self._database).to_pylist() if row["run_count"]]

    def _report(self, project: str, week: Week) -> Report:
        return self.weekly.report(self._database, Wanted(project, week), self._clock_ns())

    def _write(self, report: Report) -> None:
        project = report.project
        folder = self._folder / project
        try:
            with self._writing:
                write_report(folder, report)
            written = f"Written to {folder}"
        except OSError as error:
            written = f"It could not be written to {folder}: {error.strerror}"
            log.error("report not written project=%s week=%s reason=%r", project, report.week, str(error))
        title, page = f"{report.title} (project {project})", f"/reports?week={report.week}"
        self._tell(project, "weekly report", title, [report.subtitle, *report.summary, written], page)


@contextmanager
def _others_go_on(project: str, week: Week) -> Iterator[None]:
    """What fails for one project is logged, and holds up no other's report."""
    try:
        yield
    except Exception:
        log.exception("report failed project=%s week=%s", project, week.name)


def write_report(folder: Path, report: Report) -> None:
    """A file for each form, named after the week; each is there as a whole or as it was before."""
    folder.mkdir(parents=True, exist_ok=True)
    for ending, path in report_paths(folder, report.week).items():
        unfinished = path.with_name(f".{path.name}.part")
        unfinished.write_bytes(FORMS[ending].render(report))
        os.replace(unfinished, path)
    log.info("report written project=%s week=%s folder=%s", report.project, report.week, folder)


def report_paths(folder: Path, week: str) -> dict[str, Path]:
    """The file of each form."""
    return {ending: folder / f"{week}.{ending}" for ending in FORMS}


def expect_usable(settings: Settings) -> None:
    """Raises ReportSettingsError if no reports could be made by these settings."""
    _weekly(settings, None)
    _trigger(settings)


def _weekly(settings: Settings, kept: KeptReports | None) -> WeeklyReports:
    try:
        return WeeklyReports(read_zone(settings.report_tz), read_objectives(settings.objectives_file), kept)
    except BadFilter as error:
        raise ReportSettingsError(f"{variable('report_tz')}: {error}") from None
    except ObjectivesError as error:
        raise ReportSettingsError(f"{variable('objectives_file')}: {error}") from None


def _trigger(settings: Settings) -> CronTrigger | None:
    if settings.report_schedule is None:
        return None
    try:
        return read_schedule(settings.report_schedule, settings.report_tz)
    except ValueError as error:
        name = variable("report_schedule")
        raise ReportSettingsError(f"{name} reads like `0 6 * * mon`, minute to weekday: {error}") from None
