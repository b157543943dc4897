"""The weekly reports of a server: set up by its settings, and written to a folder by schedule."""

import logging
import os
import time
from collections.abc import Callable, Sequence
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

    def start(self) -> None:
        """Write reports from now on, if there is a schedule."""
        if self._trigger is not None:
            self._scheduler.add_job(self.write, self._trigger, coalesce=True, misfire_grace_time=None, max_instances=1)
            self._scheduler.start()

    def stop(self) -> None:
        """Returns when no report is being written any more."""
        if self._scheduler.running:
            self._scheduler.shutdown()

    def write(self) -> None:
        """The report of the last week that is over, of each project that has runs, in every form; and tell of each."""
        week = self.weekly.last_week(self._clock_ns())
        for row in questions.projects(self._database).to_pylist():
            if row["run_count"]:
                wanted = Wanted(row["project"], week)
                report = self.weekly.report(self._database, wanted, self._clock_ns())
                folder = self._folder / report.project
                write_report(folder, report)
                title = f"{report.title} (project {report.project})"
                lines = [report.subtitle, *report.summary, f"Written to {folder}"]
                self._tell(report.project, "weekly report", title, lines, f"/reports?week={report.week}")


def write_report(folder: Path, report: Report) -> list[Path]:
    """A file for each form, named after the week; each is there as a whole or as it was before."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for ending, form in FORMS.items():
        path = folder / f"{report.week}.{ending}"
        unfinished = path.with_name(f".{path.name}.part")
        unfinished.write_bytes(form.render(report))
        os.replace(unfinished, path)
        paths.append(path)
    log.info("report written project=%s week=%s folder=%s", report.project, report.week, folder)
    return paths


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
        return CronTrigger.from_crontab(settings.report_schedule, timezone=settings.report_tz)
    except ValueError as error:
        name = variable("report_schedule")
        raise ReportSettingsError(f"{name} reads like `0 6 * * mon`, minute to weekday: {error}") from None
