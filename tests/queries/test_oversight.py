"""What humans approved and corrected: the samples' answers against the README's hand count, and the edges by hand."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from queries import catalogue, questions
from queries.database import Database
from queries.filters import Filters
from tests.queries.conftest import Derived
from tests.queries.records import START_NS, Telling, trace_hex
from tests.queries.serving import NOW_NS, asking
from tests.test_sample_traces import FACTS, listed

GOLDEN = Path(__file__).parent / "golden"
DAY_NS = 86_400 * 10**9
FILTERS = Filters("default", NOW_NS, START_NS, START_NS + DAY_NS)

DECISIONS = Counter(decision for fact in FACTS for decision in listed(fact["approvals"]))
KINDS = Counter(kind for fact in FACTS for kind in listed(fact["corrections"]))
HUMAN = ("approved", "approved_modified", "rejected")


def told(question: str, case: str = "all samples") -> Any:
    return orjson.loads((GOLDEN / f"{question}.json").read_bytes())[case]


def test_the_decisions_of_the_samples_are_those_counted_by_hand() -> None:
    (summary,) = told("approval_summary")

    assert summary["approval_count"] == DECISIONS.total()
    assert summary["human_count"] == sum(DECISIONS[decision] for decision in HUMAN)
    assert summary["modified_count"] == DECISIONS["approved_modified"]
    for decision in ("approved", "rejected", "auto_approved", "expired", "pending"):
        assert summary[f"{decision}_count"] == DECISIONS[decision]
    assert (summary["waited_count"], summary["p50_wait_ms"]) == (3, 390_000)  # 252 s, 390 s, 1,140 s
    assert summary["p95_wait_ms"] == pytest.approx(1_065_000)  # nine tenths of the way from 390 s to 1,140 s
    assert Counter(row["outcome"] for row in told("approvals")) == DECISIONS


@pytest.mark.parametrize("by", ["tool", "workflow", "agent", "decider"])
def test_questions_by_anything_add_up_to_all(by: str) -> None:
    assert sum(row["approval_count"] for row in told("approvals_by", by)) == DECISIONS.total()
    assert sum(row["approval_count"] for row in told("approval_trend")) == DECISIONS.total()


def test_the_only_question_that_waits_is_the_payout() -> None:
    (pending,) = told("pending_approvals")

    assert (pending["tool_name"], pending["gate_policy"]) == ("release_payout", "payout>10000")


def test_the_corrections_of_the_samples_are_those_counted_by_hand() -> None:
    (summary,) = told("correction_summary")
    reviewed = [fact for fact in FACTS if {*HUMAN} & {*listed(fact["approvals"])} or listed(fact["corrections"])]

    assert Counter({row["kind"]: row["correction_count"] for row in told("correction_kinds")}) == KINDS
    assert Counter(row["kind"] for row in told("corrections")) == KINDS
    assert summary["corrected_count"] == sum(bool(listed(fact["corrections"])) for fact in FACTS)
    assert summary["corrected_count"] == told("summary")[0]["corrected_run_count"]
    assert summary["reviewed_count"] == len(reviewed)
    assert sum(row["corrected_count"] for row in told("correction_rate")) == summary["corrected_count"]
    assert sum(row["correction_count"] for row in told("corrected_steps")) == sum(KINDS.values())
    of_workflows = told("corrections_by", "workflow")
    for name in ("corrected_count", "reviewed_count", "ended_count"):
        assert sum(row[name] for row in of_workflows) == summary[name]


def judged(telling: Telling, run: str, at: float, score: float | None = None, kind: str | None = None) -> Telling:
    """A run of its own, and what a human said of it."""
    telling.span(f"agent {run}", "agent", at, trace=run, run_key=None)
    if score is not None:
        telling.log(f"said {run}", "evaluation", at + 1, trace=run, evaluator_type="human", evaluation_score=score)
    if kind:
        telling.log(f"corrected {run}", "human", at + 2, trace=run, under=f"agent {run}", correction_kind=kind)
    return telling


def test_bad_feedback_counts_beside_a_refusal_elsewhere(derived: Callable[[Telling], Derived]) -> None:
    telling = judged(Telling(), "refused", 0)
    telling.log(
        "decided",
        "approval",
        5,
        trace="refused",
        approval_decision="rejected",
        approval_decider_type="human",
        approval_id="a",
    )
    telling.span("agent bad", "agent", 20, trace="bad")
    telling.log("said bad", "evaluation", 21, trace="bad", evaluator_type="human", correction_kind="negative_feedback")

    kinds = [row["kind"] for row in derived(telling).corrections]
    assert kinds == ["rejected_action", "negative_feedback"]


@pytest.fixture
def four_reviewed(derived: Callable[[Telling], Derived]) -> duckdb.DuckDBPyConnection:
    """Four runs that a human reviewed, one of which was corrected, twice; one that nobody looked at."""
    telling = Telling()
    for number, score in enumerate((1.0, 0.8, 1.0)):
        judged(telling, f"fine {number}", 10 * number, score)
    judged(telling, "corrected", 100, 0.0, "edited_output")
    judged(telling, "unseen", 200)
    return derived(telling).connection


def test_a_run_corrected_twice_counts_once(four_reviewed: duckdb.DuckDBPyConnection) -> None:
    (row,) = catalogue.ask(Database(four_reviewed), "correction_summary", FILTERS).to_pylist()

    assert (row["corrected_count"], row["reviewed_count"], row["correction_rate"]) == (1, 4, 0.25)
    assert (row["corrected_ended_count"], row["ended_count"], row["corrected_share"]) == (1, 5, 0.2)


def test_each_correction_is_listed_with_its_run_newest_first(four_reviewed: duckdb.DuckDBPyConnection) -> None:
    database = Database(four_reviewed)
    first = questions.corrections(database, FILTERS, limit=1)
    second = questions.corrections(database, FILTERS, limit=1, after=first.next)
    rows = [*first.rows.to_pylist(), *second.rows.to_pylist()]

    assert [(row["kind"], row["run_id"]) for row in rows] == [
        ("edited_output", trace_hex("corrected")),
        ("negative_feedback", trace_hex("corrected")),
    ]
    assert second.next is None


def test_the_window_before_is_told_apart(four_reviewed: duckdb.DuckDBPyConnection) -> None:
    later = Filters("default", NOW_NS, START_NS + 105 * 10**9, START_NS + 210 * 10**9)
    rows = catalogue.ask(Database(four_reviewed), "correction_summary", later).to_pylist()

    assert [(row["period"], row["reviewed_count"], row["run_count"]) for row in rows] == [
        ("asked", 0, 1),
        ("before", 4, 4),
    ]


@pytest.mark.parametrize(
    ("decider_type", "outcome", "human_count"), [("human", "approved", 1), ("policy", "auto_approved", 0)]
)
def test_whoever_approved_is_told_apart(
    derived: Callable[[Telling], Derived], decider_type: str, outcome: str, human_count: int
) -> None:
    telling = Telling().span("agent", "agent", lasts=60)
    telling.log(
        "decided",
        "approval",
        5,
        trace="t",
        under="agent",
        approval_decision="approved",
        approval_decider_type=decider_type,
        approval_id="a",
        tool_name="refund",
        wait_ms=4_000.0,
    )
    database = Database(derived(telling).connection)

    (row,) = catalogue.ask(database, "approval_summary", FILTERS).to_pylist()
    assert (row["human_count"], row["waited_count"]) == (human_count, human_count)
    assert questions.approvals(database, FILTERS).rows["outcome"].to_pylist() == [outcome]


def test_the_lists_are_served_and_narrowed(four_reviewed: duckdb.DuckDBPyConnection) -> None:
    with asking(four_reviewed) as client:
        found, following = client.corrections(since=None, kind="edited_output")
        assert (found.height, following) == (1, None)
        assert client.corrections(since=None, kind="rerun")[0].is_empty()
        assert client.approvals(since=None, outcome=("approved", "rejected"), by="decider", value="")[0].is_empty()
