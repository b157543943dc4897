"""No question returns another project's row, nor anything that follows from one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pytest

from ingest.stored import Records
from queries import details, locating, questions, statements
from queries.database import Database, OtherProject
from queries.opening import NoSuchRun, Opener, derived_run
from tests.queries.records import empty_store
from tests.queries.samples import ANSWERS, FILTERS, NOW_NS, PROJECT, Samples, kept_samples
from tests.test_sample_traces import run_ids

OTHER, DIGITS = "other", 12
# Of an opened run, on a cursor that was opened for its project.
OF_ONE_RUN = {"derived_run_facts", "run_records", "run_steps"}


@dataclass(frozen=True)
class Answers:
    """What a key of PROJECT is told, by question: of the samples, of the samples beside another project that holds all
    of the same records with the same ids, of that other project alone, and of an empty store."""

    alone: dict[str, Any]
    beside: dict[str, Any]
    absent: dict[str, Any]
    empty: dict[str, Any]
    samples: Samples


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    with kept_samples(tmp_path_factory.mktemp("apart") / "runlight.duckdb") as samples:
        connection, nothing = samples.connection, empty_store()
        alone = asked(connection)
        for table in tables(connection):
            connection.execute(f"update {table} set project = $other", {"other": OTHER})
        absent = asked(connection)
        for table in tables(connection):
            connection.execute(f"insert into {table} select * replace ($own as project) from {table}", {"own": PROJECT})
        tell_otherwise(connection)
        yield Answers(alone, asked(connection), absent, asked(nothing), samples)
        nothing.close()


def tell_otherwise(connection: duckdb.DuckDBPyConnection) -> None:
    """Lets the other project's records contradict those of the first: each run and trace goes by the name of the next,
    all happened a day before, another model answered, and one run still waits to be derived."""
    for name, bearing in (
        ("run_id", ("runs", "steps", "approvals", "corrections", "proposals")),
        ("trace_id", ("spans", "steps", "log_records")),
    ):
        connection.execute(
            f"""
            create or replace temp table renamed as
            select {name} as old, coalesce(lead({name}) over (order by {name}), min({name}) over ()) as new
            from (select distinct {name} from {bearing[0]} where {name} is not null)
            """
        )
        for table in bearing:
            connection.execute(
                f"update {table} set {name} = renamed.new from renamed where {name} = renamed.old and project = $other",
                {"other": OTHER},
            )
    for table in ("steps", "spans"):
        connection.execute(
            f"update {table} set started_at = started_at - interval 1 day where project = $other", {"other": OTHER}
        )
    connection.execute("update steps set served_model = 'another' where project = $other", {"other": OTHER})
    connection.execute(
        "insert into touched by name (select $other as project, 'late' as run_key, 0 as batch_id)", {"other": OTHER}
    )


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select table_name from duckdb_columns() where column_name = 'project' "
        "and table_name in (select table_name from duckdb_tables() where not temporary)"
    ).fetchall()
    assert len(found) >= 12
    return [name for (name,) in found]


def asked(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The answers to a key of the one project; where a question cannot be answered, the kind of its error."""
    database = Database(connection.cursor()).limited(frozenset({PROJECT}))
    samples = Samples(connection, database, Opener(database))
    return {question: outcome(ask, samples) for question, ask in (ANSWERS | OF_RECORDS).items()}


def outcome(ask: Callable[[Samples], dict[str, Any]], samples: Samples) -> Any:
    try:
        answer = ask(samples)
    except (NoSuchRun, AssertionError) as error:  # the samples' own: that there is such a run at all
        return type(error)
    return {case: settled(rows.to_pylist() if isinstance(rows, pa.Table) else rows) for case, rows in answer.items()}


def settled(value: Any) -> Any:
    """Without the last digits of sums, which depend on the order, and without the places of rows in their table."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [settled(one) for one in value]
    return {name: settled(one) for name, one in value.items() if name != "row_id"} if isinstance(value, dict) else value


def whole(samples: Samples) -> dict[str, Any]:
    """A run as OTLP, and its first step with all that is kept of it."""
    records = Records(samples.connection)
    with samples.opener.open(PROJECT, run_ids("human-correction")[0]) as opened:
        step_id = questions.run_steps(opened)["step_id"][0].as_py()
        step, otlp = details.step_detail(records, opened, step_id), details.run_otlp(records, opened)
    return {"step": orjson.loads(step), "otlp": orjson.loads(otlp)}


def words(samples: Samples) -> dict[str, Any]:
    """Where a word stands in the records, and in which runs that is."""
    places = Records(samples.connection).mentioning(PROJECT, ("refund",), 0, 2**62, 10_000)
    assert places.num_rows
    return {"places": places, "runs": questions.runs_of_records(samples.database, PROJECT, places)}


def calls_of_some_runs(samples: Samples) -> dict[str, Any]:
    """Tool calls, narrowed by what their runs are rather than by what they are."""
    calls = partial(questions.tool_calls, samples.database)
    return {
        "of a model": calls(replace(FILTERS, model="claude-sonnet-5-5")).rows,
        "of a label": calls(replace(FILTERS, attributes=("gen_ai.request.model=gpt-6-sol",))).rows,
        "of failed runs": calls(FILTERS, run_statuses=("error",)).rows,
    }


# What is read from whole records rather than by a `.sql` file, and what narrows a list by more than the common filters.
OF_RECORDS = {"whole records": whole, "words in records": words, "tool_calls of some runs": calls_of_some_runs}


@pytest.mark.parametrize("question", sorted(ANSWERS | OF_RECORDS))
def test_another_project_changes_no_answer(answers: Answers, question: str) -> None:
    assert answers.beside[question] == answers.alone[question]
    assert answers.absent[question] == answers.empty[question]


def test_a_run_that_was_derived_for_another_project_is_not_opened(answers: Answers) -> None:
    run_id = run_ids("human-correction")[0]
    with answers.samples.opener.derive(PROJECT, run_id) as opened:
        opened.cursor.execute("update derived_steps set project = $other", {"other": OTHER})
        with pytest.raises(NoSuchRun):
            derived_run(opened.cursor, PROJECT, run_id)


def test_every_question_names_a_project_or_is_told_which_ones_it_may_see() -> None:
    free = {
        name
        for name in statements.questions()
        if not {"project", "projects"} & set(statements.statement(name).named_parameters)
    }
    assert free == OF_ONE_RUN


def test_whoever_may_see_one_project_is_refused_every_question_about_another(answers: Answers) -> None:
    samples = answers.samples
    database = samples.database.limited(frozenset({"third"}))
    limited = Samples(samples.connection, database, Opener(database))
    # These look for the place of a run on a cursor, which is refused before they can be asked.
    at_cursor = {"run_extent", "run_of", "run_place", "window_version"}
    of_all = {"projects", "run_counts", "ingest_store"}
    for question in ANSWERS.keys() - at_cursor - of_all:
        with pytest.raises(OtherProject, match="it is for: third"):
            ANSWERS[question](limited)
    assert questions.projects(database)["project"].to_pylist() == ["third"]
    assert questions.run_counts(database, NOW_NS).num_rows == 0
    assert questions.ingest_batches(database, None).num_rows == 0
    assert questions.ingest_totals(database, None, 0, 2**62).num_rows == 0
    assert questions.ingest_services(database, None, 0, 2**62).num_rows == 0
    assert questions.ingest_store(database, 10, 7).to_pylist() == [
        {"database_bytes": None, "waiting_bytes": None, "stored_count": 0, "span_count": 0, "bytes_per_record": None}
    ]
    with pytest.raises(OtherProject), database.cursor() as cursor:
        locating.run_of(cursor, PROJECT, run_ids("human-correction")[0])


def test_a_question_that_names_no_project_is_refused_to_whoever_may_not_see_all(answers: Answers) -> None:
    samples = answers.samples
    for question in OF_ONE_RUN:
        with pytest.raises(OtherProject):
            samples.database.limited(frozenset({PROJECT})).ask(question, FILTERS.values())


def test_of_several_projects_each_is_seen_and_no_other(answers: Answers) -> None:
    samples = answers.samples
    both = samples.database.limited(frozenset({PROJECT, OTHER, "empty"}))
    counts = dict(zip(*questions.projects(both).select(["project", "run_count"]).to_pydict().values(), strict=True))
    assert counts[PROJECT] == counts[OTHER] > 0
    assert counts.keys() == {PROJECT, OTHER, "empty"}
    one = Database.limited(both, frozenset({OTHER}))
    assert questions.projects(one)["project"].to_pylist() == [OTHER]
    assert {row["project"] for row in questions.ingest_batches(one, None).to_pylist()} == {OTHER}
    assert {row["project"] for row in questions.run_counts(one, NOW_NS).to_pylist()} == {OTHER}
