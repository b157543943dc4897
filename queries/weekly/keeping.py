"""Serves the report that was made before, and makes one where there is none or a new one is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from queries import questions
from queries.database import Database
from queries.filters import BadFilter
from queries.weekly.asking import rows_of
from queries.weekly.changes import with_changes
from queries.weekly.document import Report
from queries.weekly.making import make_report
from queries.weekly.objectives import Objective
from queries.weekly.weeks import Week, read_week, week_of, written

_MOST_TRIES = 5  # a removal takes several steps


class KeptReports(Protocol):
    """Keeps reports."""

    def removals(self) -> int:
        """How many removals there were so far."""
        ...

    def keep(
        self,
        *,
        seen: int,
        project: str,
        week: str,
        tz: str,
        workflow: str | None,
        version: int,
        made_at: str,
        is_final: bool,
        document: str,
    ) -> bool:
        """Keep a report under this version, unless there is one already, or more was removed than had been `seen`;
        whether it was kept."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which report: of a project's week, of one workflow if it is named, made at a moment if it is told."""

    project: str
    week: Week
    workflow: str | None = None
    made_ns: int | None = None

    def key(self) -> dict[str, str | None]:
        """By the names that the questions bind."""
        made_at = None if self.made_ns is None else written(self.made_ns)
        names = {"project": self.project, "week": self.week.name, "tz": self.week.tz, "workflow": self.workflow}
        return names | {"made_at": made_at}


@dataclass(frozen=True, slots=True)
class WeeklyReports:
    """The reports of a server: their weeks' time zone, what workflows are held to, and who keeps what was made."""

    tz: str = "UTC"
    objectives: Sequence[Objective] = ()
    kept: KeptReports | None = None

    def week(self, name: str) -> Week:
        """The week of this ISO name. Raises BadFilter."""
        return read_week(name, self.tz)

    def last_week(self, now_ns: int) -> Week:
        """The last one that is over."""
        return week_of(now_ns, self.tz).before()

    def report(self, database: Database, wanted: Wanted, now_ns: int) -> Report:
        """The report as it was made last, else made now and kept; one that was made before its week was over does only
        until then. Of a moment told: as it was made then, else made as of then. Raises BadFilter for a week that has
        not begun."""
        _, kept = _latest(database, wanted)
        if kept is not None and (wanted.made_ns is not None or kept.is_final or now_ns < wanted.week.until_ns):
            return kept
        if wanted.made_ns is not None:
            return self._made(database, wanted, now_ns)
        return self.made_anew(database, wanted, now_ns)

    def made_anew(self, database: Database, wanted: Wanted, now_ns: int) -> Report:
        """The report as it is known now or at the moment told, with what changed since it was last made; kept beside
        the others, unless nothing ran. Where something is removed meanwhile it is made again."""
        of_any_time = replace(wanted, made_ns=None)
        for _ in range(_MOST_TRIES):
            seen = self.kept.removals() if self.kept else 0
            version, earlier = _latest(database, of_any_time)
            report = with_changes(self._made(database, wanted, now_ns), earlier)
            is_worth_it = report.facts["runs"] or earlier is not None
            if self.kept is None or not is_worth_it or self._keep(self.kept, report, version + 1, seen):
                break
            latest, other = _latest(database, of_any_time)
            if other is not None and latest > version:
                return other  # somebody else was quicker
        return report

    def _made(self, database: Database, wanted: Wanted, now_ns: int) -> Report:
        made_ns = now_ns if wanted.made_ns is None else wanted.made_ns
        if made_ns > now_ns:
            raise BadFilter(f"a report cannot be made as of {written(made_ns)}, which is still to come")
        return make_report(database, wanted.project, wanted.workflow, wanted.week, made_ns, self.objectives)

    def _keep(self, kept: KeptReports, report: Report, version: int, seen: int) -> bool:
        return kept.keep(
            seen=seen,
            project=report.project,
            week=report.week,
            tz=report.tz,
            workflow=report.workflow,
            version=version,
            made_at=report.made_at,
            is_final=report.is_final,
            document=report.model_dump_json(),
        )


def _latest(database: Database, wanted: Wanted) -> tuple[int, Report | None]:
    """The version and the report that was kept last; 0 and None if there is none."""
    rows = rows_of(questions.weekly_report(database, wanted.key()))
    if not rows:
        return 0, None
    return rows[0]["version"], Report.model_validate_json(rows[0]["document"])
