"""How work was judged, counted by hand over tiny stories: scores and labels, human against model, replayed cases."""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from queries import catalogue, questions
from queries.database import Database
from queries.filters import Filters
from tests.queries.conftest import Derived
from tests.queries.records import SECOND, START_NS, Telling, step_hex, trace_hex

HOUR_NS = 3_600 * SECOND
SECOND_HOUR = Filters("default", START_NS + 2 * HOUR_NS, START_NS + HOUR_NS, START_NS + 2 * HOUR_NS)
LATE = 3_600.0
Rows = list[dict[str, Any]]


def asked(store: duckdb.DuckDBPyConnection, question: str, **more: Any) -> Rows:
    return catalogue.ask(Database(store), question, SECOND_HOUR, **more).to_pylist()


class Judging(Telling):
    """Runs of an agent that answers, and what was said of the answer."""

    def run(self, name: str, at: float, **told: Any) -> "Judging":
        self.span(f"agent {name}", "agent", LATE + at, 10, trace=name, workflow_name="w", **told)
        self.span(f"answer {name}", "llm", LATE + at + 1, trace=name, under=f"agent {name}", cost_usd=1.0)
        return self

    def judge(self, run: str, by: str | None, name: str, score: float | None = None, label: str | None = None) -> None:
        told = {"evaluation_name": name, "evaluation_score": score, "evaluation_label": label, "evaluator_type": by}
        self.log(f"{by} {name} of {run}", "evaluation", LATE + 500, trace=run, under=f"answer {run}", **told)


@pytest.fixture
def store(store: duckdb.DuckDBPyConnection, derived: Callable[[Telling], Derived]) -> duckdb.DuckDBPyConnection:
    """Five runs. Human and model judge four of them: they agree on one good, one bad, and differ on two."""
    telling = Judging()
    for at, (human, model) in enumerate([("positive", 0.9), ("negative", 0.2), ("negative", 0.8), ("positive", 0.4)]):
        telling.run(f"r{at}", 60 * at, service_version=f"1.{at % 2}")
        telling.judge(f"r{at}", "human", "feedback", label=human)
        telling.judge(f"r{at}", "model", "helpful", model)
    telling.run("r4", 300)
    telling.judge("r4", None, "stars", 4.0)
    telling.run("r5", 360)
    telling.judge("r5", "code", "stars", 2.0)
    telling.run("early", -LATE)
    telling.judge("early", "model", "helpful", 0.5)
    derived(telling)
    return store


def test_judgements_are_counted_by_who_judged_and_what_they_say(store: duckdb.DuckDBPyConnection) -> None:
    totals = {row["period"]: row for row in asked(store, "evaluation_totals")}["asked"]

    assert (totals["run_count"], totals["judged_run_count"], totals["judgement_count"]) == (6, 6, 10)
    assert (totals["human_count"], totals["model_count"], totals["code_count"]) == (4, 4, 1)
    assert (totals["bad_count"], totals["verdict_count"], totals["bad_rate"]) == (4, 8, 0.5)
    assert totals["bad_run_count"] == 3  # stars are on a scale of which nobody knows the middle


def test_scores_of_one_name_are_summed_up_apart_from_others(store: duckdb.DuckDBPyConnection) -> None:
    rows = {(row["evaluation_name"], row["value"]): row for row in asked(store, "evaluations_by", by="evaluator")}

    assert rows.keys() == {("feedback", "human"), ("helpful", "model"), ("stars", "code"), ("stars", "unknown")}
    helpful = rows["helpful", "model"]
    assert (helpful["scored_count"], helpful["mean_score"]) == (4, pytest.approx((0.9 + 0.2 + 0.8 + 0.4) / 4))
    assert (helpful["bad_count"], helpful["bad_rate"]) == (2, 0.5)
    assert rows["feedback", "human"]["mean_score"] is None
    by_release = asked(store, "evaluations_by", by="release")
    assert sum(row["judgement_count"] for row in by_release) == 10
    assert sum(row["judgement_count"] for row in asked(store, "evaluation_trend")) == 10


def test_every_judgement_has_its_place_in_the_distribution(store: duckdb.DuckDBPyConnection) -> None:
    rows = asked(store, "evaluation_distribution")

    labels = {row["evaluation_label"]: row["judgement_count"] for row in rows if row["evaluation_label"]}
    assert labels == {"negative": 2, "positive": 2}
    helpful = [row for row in rows if row["evaluation_name"] == "helpful"]
    assert [round(row["score_from"], 1) for row in helpful] == [0.2, 0.4, 0.8, 0.9]
    stars = [(row["score_from"], row["score_to"]) for row in rows if row["evaluation_name"] == "stars"]
    assert stars == [(pytest.approx(2.0), pytest.approx(2.2)), (pytest.approx(3.8), pytest.approx(4.0))]


def test_the_worst_runs_come_first_with_the_judgement_that_says_so(store: duckdb.DuckDBPyConnection) -> None:
    database = Database(store)
    rows = questions.evaluation_runs(database, SECOND_HOUR).to_pylist()

    assert [row["run_id"] for row in rows[:3]] == [trace_hex("r1"), trace_hex("r3"), trace_hex("r2")]
    worst = rows[0]
    assert (worst["bad_count"], worst["judgement_count"], worst["worst_name"]) == (2, 2, "helpful")
    assert worst["worst_step_id"] == step_hex("answer r1")
    assert len(rows) == 6
    by_humans = questions.evaluation_runs(database, SECOND_HOUR, name="feedback", evaluator="human").to_pylist()
    assert [row["run_id"] for row in by_humans[:2]] == [trace_hex("r2"), trace_hex("r1")]
    assert len(by_humans) == 4


@pytest.mark.parametrize("by", ["run", "step"])
def test_humans_and_models_are_compared_where_both_judged(store: duckdb.DuckDBPyConnection, by: str) -> None:
    rows = asked(store, "evaluation_agreement", by=by)

    assert [(row["run_id"], row["human_says_bad"], row["model_says_bad"]) for row in rows] == [
        (trace_hex("r2"), True, False),
        (trace_hex("r3"), False, True),
        (trace_hex("r1"), True, True),
        (trace_hex("r0"), False, False),
    ]
    assert (rows[0]["agreed_count"], rows[0]["pair_count"], rows[0]["agreement"]) == (2, 4, 0.5)
    assert {row["cell_count"] for row in rows} == {1}
    assert rows[0]["kappa"] == 0.0  # half of them by chance alone
    assert rows[0]["judged_step_id"] == (step_hex("answer r2") if by == "step" else None)


def test_replayed_cases_are_counted_by_category(
    store: duckdb.DuckDBPyConnection, derived: Callable[[Telling], Derived]
) -> None:
    telling = Judging()
    for at, (case, category) in enumerate([("c1", "refund"), ("c2", "refund"), ("c2", "refund"), ("c3", "address")]):
        named = {"evaluation_case": case, "evaluation_suite": "nightly", "replay_category": category}
        telling.run(f"p{at}", 1000 + at, is_error=at == 3)
        telling.span(f"case {at}", "other", LATE + 1000 + at, trace=f"p{at}", under=f"agent p{at}", **named)
    telling.judge("p1", "code", "passes", label="fail")
    telling.judge("p0", "code", "passes", label="pass")
    derived(telling)

    rows = {row["value"]: row for row in asked(store, "replays_by", by="category")}
    assert {name: (row["case_count"], row["run_count"], row["failed_count"]) for name, row in rows.items()} == {
        "refund": (2, 3, 1),
        "address": (1, 1, 1),
    }
    assert rows["refund"]["run_id"] == trace_hex("p1")
    assert [row["value"] for row in asked(store, "replays_by", by="suite")] == ["nightly"]
    by_suite = asked(store, "evaluations_by", by="suite")
    assert [row["judgement_count"] for row in by_suite if row["value"] == "nightly"] == [2]


def test_nothing_is_judged_in_an_empty_window(store: duckdb.DuckDBPyConnection) -> None:
    empty = Filters("default", SECOND_HOUR.now_ns, 0, 1)
    for question in ("evaluations_by", "evaluation_trend", "evaluation_distribution", "replays_by"):
        assert catalogue.ask(Database(store), question, empty).num_rows == 0
