"""Alerts over a hand-made store, on a clock that only the test moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml
from pydantic import TypeAdapter

from alerts.episodes import Episode
from alerts.evaluation import Evaluation
from alerts.kept import Kept
from alerts.rules import AnyRule
from queries.database import Database
from tests.queries.conftest import rebuild_all
from tests.queries.records import SECOND, START_NS, Telling, insert

HOUR_NS = 3_600 * SECOND
NOW_NS = START_NS + HOUR_NS
PROJECT = "default"
_RULE: TypeAdapter[AnyRule] = TypeAdapter(AnyRule)


def rule(**fields: Any) -> AnyRule:
    """A rule of these fields."""
    return _RULE.validate_python(fields)


def error_rate(**fields: Any) -> AnyRule:
    """One that fires from half of four runs on, and is resolved at once."""
    return rule(**{"kind": "error_rate", "threshold_rate": 0.5, "min_runs": 4, "resolve_after": 1, **fields})


def runs(telling: Telling, workflow: str, at: float, good: int, bad: int) -> Telling:
    """Runs of a workflow that began then, so many of which ended well and in error."""
    for number in range(good + bad):
        name, failed = f"{workflow} {at} {number}", {"is_error": True, "status_code": 2} if number >= good else {}
        telling.span(name, "agent", at, trace=name, workflow_name=workflow, **failed)
    return telling


@dataclass
class Watched:
    """A store and what alerts keep in it; `now_ns` is what the clock says."""

    connection: duckdb.DuckDBPyConnection
    now_ns: int = NOW_NS
    channels: Sequence[str] = ("ops", "mail")
    kept: Kept = field(init=False)

    def __post_init__(self) -> None:
        self.kept = Kept(self.connection.cursor())

    def tell(self, telling: Telling) -> None:
        """Commit records and derive what follows from them."""
        insert(self.connection, telling.rows)
        rebuild_all(self.connection)

    def evaluation(self, most_seconds: float = 60, **rules: AnyRule) -> Evaluation:
        """As a server has it that has just started."""
        return Evaluation(
            rules,
            self.channels,
            Database(self.connection),
            self.kept,
            app_url="http://app.example/",
            most_seconds=most_seconds,
            clock_ns=lambda: self.now_ns,
        )

    def open(self) -> list[Episode]:
        """What is pending or fires."""
        return self.kept.open_episodes(PROJECT)

    def firing(self) -> list[str]:
        """The groups that fire."""
        return [episode.group_name for episode in self.open() if episode.state == "firing"]

    def titles(self) -> list[str]:
        """The titles of all messages to `ops`, in their order."""
        found = self.connection.execute(
            "select title from alert_notifications where channel = 'ops' order by created_at, change, title"
        )
        return [title for (title,) in found.fetchall()]


def rule_file(path: Path, **rules: dict[str, Any]) -> Path:
    """A file of rules at `path`."""
    path.write_text(yaml.safe_dump({"rules": rules}))
    return path
