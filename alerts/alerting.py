"""The alerts of a server: rules evaluated and messages sent by schedule, each on a thread of its own."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from alerts.channels import expect_known, read_channels
from alerts.delivery import Delivery
from alerts.evaluation import Evaluation
from alerts.kept import Kept, Silence
from alerts.news import News
from alerts.rule_file import read_rules
from alerts.rules import AnyRule
from queries.database import Database
from settings import Settings

_DELIVERY_SECONDS = 5
_DAY_NS = 86_400 * 10**9
_EVALUATION, _DELIVERY = "alert-evaluation", "alert-delivery"

_RULE_COLUMNS = pa.schema(
    [
        ("rule", pa.string()),
        ("kind", pa.string()),
        ("about", pa.string()),
        ("is_watching", pa.bool_()),
        ("severity", pa.string()),
        ("threshold", pa.float64()),
        ("unit", pa.string()),
        ("least_count", pa.int64()),
        ("sample", pa.string()),
        ("reach_minutes", pa.float64()),
        ("only", pa.string()),
        ("owner", pa.string()),
        ("runbook", pa.string()),
        ("channels", pa.list_(pa.string())),
        ("links_to", pa.string()),
        ("evaluated_at", pa.timestamp("ns")),
        ("took_ms", pa.float64()),
        ("failure", pa.string()),
        ("failing_since_at", pa.timestamp("ns")),
    ]
)


class Alerting:
    """Rules, what they found, and who is told. Safe to use from several threads."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        connection: duckdb.DuckDBPyConnection,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Asks `database`, and keeps what it finds by `connection`, a cursor that nobody else uses. Raises ChannelError
        and RuleFileError."""
        self._channels = read_channels(settings.alert_channels)
        self._rules = read_rules(settings.alert_rules, self._channels)
        self._kept = Kept(connection)
        self._clock_ns = clock_ns
        self._every_seconds = settings.alert_seconds
        self._kept_days = settings.alert_days
        self._app_url = settings.app_url or f"http://127.0.0.1:{settings.app_port}"
        self._evaluation = Evaluation(
            self._rules,
            self._channels,
            database,
            self._kept,
            app_url=self._app_url,
            most_seconds=settings.question_seconds,
            clock_ns=clock_ns,
        )
        self._delivery = Delivery(self._kept, self._channels, clock_ns)
        self._scheduler = BackgroundScheduler(
            executors={_EVALUATION: ThreadPoolExecutor(1), _DELIVERY: ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )

    def start(self) -> None:
        """From now on rules are evaluated every so many seconds, unless that is 0, messages sent, and each day what is
        over for long is forgotten."""
        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # else it tells of each time
        if self._every_seconds:
            self._scheduler.add_job(
                self._evaluation.evaluate_due, "interval", seconds=self._every_seconds, executor=_EVALUATION
            )
        if self._channels:
            self._scheduler.add_job(
                self._delivery.deliver, "interval", seconds=_DELIVERY_SECONDS, executor=_DELIVERY, id=_DELIVERY
            )
        soon = datetime.now(UTC) + timedelta(minutes=1)
        self._scheduler.add_job(self.forget_old, "interval", days=1, executor=_EVALUATION, next_run_time=soon)
        self._scheduler.start()

    def stop(self) -> None:
        """Give up the question that is being asked, finish the message that is being sent, and end."""
        self._evaluation.stop()
        self._delivery.stop()
        self._scheduler.shutdown()

    def evaluate(self, project: str) -> Counter[str]:
        """Evaluate all rules in a project now and send what there is to tell; how many were `evaluated` and `failed`,
        and how many groups of theirs `fired` and `resolved`."""
        done = self._evaluation.evaluate(project)
        if self._channels and self._scheduler.running:
            self._scheduler.modify_job(_DELIVERY, next_run_time=datetime.now(UTC))
        return done

    def forget_old(self) -> None:
        """Forget the alerts, messages and silences that were over before the days that are kept."""
        self._kept.forget_before(self._clock_ns() - self._kept_days * _DAY_NS)

    def rules(self, project: str) -> pa.Table:
        """A row a rule: what it says, whether it looks at the project, and how it was evaluated last."""
        return pa.Table.from_pylist([self._told(project, *rule) for rule in self._rules.items()], _RULE_COLUMNS)

    def news(self, name: str, channels: Sequence[str]) -> News:
        """What tells these channels of something that is no alert. Raises ChannelError for one that is not there, which
        the setting `name` asks for."""
        expect_known(name, channels, self._channels)
        return News(self._kept, channels, self._app_url.rstrip("/"), self._clock_ns)

    def knows(self, rule: str) -> bool:
        """Whether there is a rule of this name."""
        return rule in self._rules

    def silence(
        self, project: str, rule: str | None, group: str | None, *, until_ns: int, reason: str, made_by: str
    ) -> str:
        """Tell nothing of a rule's group until then, or of all of them where None; the silence's id."""
        silence, now_ns = Silence(rule, group), self._clock_ns()
        return self._kept.silence(project, silence, until_ns=until_ns, reason=reason, made_by=made_by, now_ns=now_ns)

    def end_silence(self, project: str, silence_id: str) -> None:
        """Tell again, if there is a silence with this id."""
        self._kept.end_silence(project, silence_id, self._clock_ns())

    def _told(self, project: str, name: str, rule: AnyRule) -> dict[str, object]:
        last = self._evaluation.last(project, name)
        return {
            "rule": name,
            "kind": rule.kind,
            "about": rule.about,
            "is_watching": rule.watches(project),
            "severity": rule.severity,
            "threshold": rule.threshold,
            "unit": rule.unit,
            "least_count": rule.least_count,
            "sample": rule.sample,
            "reach_minutes": rule.reach_minutes,
            "only": ", ".join(f"{field} {value}" for field, value in rule.only.items()) or None,
            "owner": rule.owner,
            "runbook": rule.runbook,
            "channels": [name for name in self._channels if rule.notify is None or name in rule.notify],
            "links_to": self._app_url,
            "evaluated_at": last and last.at_ns,
            "took_ms": last and last.took_ms,
            "failure": (last and last.failure) or None,
            "failing_since_at": last and last.failing_since_ns,
        }
