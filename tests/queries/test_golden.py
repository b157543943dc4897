"""Every question over all of sample_traces/, at a fixed time, equals its golden answer.

What the answers must come to is counted by hand in test_golden_facts.py; `make golden` rewrites the answers here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

from queries import questions, statements
from queries.encoding import rows_json
from queries.opening import Opener
from tests.queries.samples import ANSWERS, PROJECT, Samples, kept_samples

GOLDEN = Path(__file__).parent / "golden"
QUESTIONS = sorted(statements.questions())
# What depends on when the records came rather than on what they say.
VOLATILE = {"block_id", "committed_at", "first_commit_at", "lag_ms", "last_commit_at", "max_lag_ms", "received_at"}
VOLATILE |= {"p50_lag_ms", "p95_lag_ms", "p50_commit_ms", "p95_commit_ms", "max_commit_ms", "last_received_at"}
VOLATILE |= {"since_last_s", "committed_day"}
VOLATILE |= {"longest_pause_s", "silent_s", "late_count", "late_rate", "p95_late_s", "max_late_s", "ahead_count"}
# Sums of the same numbers in another order differ in their last digits.
DIGITS = 12
# A run without a summary comes to what its summary will say.
SAME_ANSWER = {"derived_run_facts": "run"}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    with kept_samples(tmp_path_factory.mktemp("golden") / "runlight.duckdb") as kept:
        yield kept


def test_each_question_is_asked_of_the_samples() -> None:
    assert sorted(ANSWERS) == QUESTIONS


def test_no_golden_answer_is_left_behind() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(QUESTIONS) - SAME_ANSWER.keys()


@pytest.mark.parametrize("question", sorted(QUESTIONS, key=SAME_ANSWER.__contains__))
def test_an_answer_over_all_samples_is_the_golden_one(
    question: str, samples: Samples, pytestconfig: pytest.Config
) -> None:
    path = GOLDEN / f"{SAME_ANSWER.get(question, question)}.json"
    written = _written(ANSWERS[question](samples))
    if pytestconfig.getoption("--update-golden") and question not in SAME_ANSWER:
        path.write_text(written)
    assert written == path.read_text()


def _written(answers: dict[str, Any]) -> str:
    """As JSON with a line a row, and the names of the columns once: a row leaves out what is null or empty."""
    tables = [answer for answer in answers.values() if isinstance(answer, pa.Table)]
    columns = {"columns": tables[0].column_names} if tables else {}
    members = [f"{_json(case)}: {_lines(answer)}" for case, answer in {**columns, **answers}.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _lines(answer: Any) -> str:
    if isinstance(answer, pa.Table):
        return "[" + ",".join(f"\n{_json(_settled(row))}" for row in orjson.loads(rows_json(answer))) + "]"
    return _json(_settled(answer) if isinstance(answer, dict) else answer)


def _settled(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _rounded(value) for name, value in row.items() if name not in VOLATILE and value not in (None, [], "")
    }


def _rounded(value: Any) -> Any:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def test_a_run_reads_the_same_from_its_summary_as_from_its_records(samples: Samples) -> None:
    settled = opened_runs(samples)
    samples.connection.execute(
        "insert into touched select project, unhex(unnest(trace_ids)), run_id, null, null, null, 0 from runs"
    )
    try:
        assert opened_runs(samples) == settled
    finally:
        samples.connection.execute("delete from touched")


def opened_runs(samples: Samples) -> dict[str, list[dict[str, Any]]]:
    """The steps of every run as its page shows them, opened anew."""
    opener, steps = Opener(samples.database), {}
    for (run_id,) in samples.connection.execute("select run_id from runs where project = $1", [PROJECT]).fetchall():
        with opener.open(PROJECT, run_id) as opened:
            steps[run_id] = questions.run_steps(opened).to_pylist()
    return steps
