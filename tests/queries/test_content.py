"""Content that is restricted: which columns hold it is known for every question and route, and it is taken out."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pytest

from queries import questions
from queries.content import CONTENT, PLAIN, ContentRestricted, Sight, is_content, restricted_projects
from queries.opening import Opener
from queries.routes.restricting import ANSWERED
from queries.seen_records import SeenRecords
from settings import Settings, SettingsError
from tests.access.table import Served, served
from tests.queries.samples import ANSWERS, FILTERS, PROJECT, Samples, kept_samples

# Read where content is shown as a whole or not at all, never handed out by column.
WHOLE = {question for question in ANSWERS if question.startswith("noun_")}
WRITING = {"review", "admin"}
REFUSED = {
    *("/api/sql", "/api/export/otlp", "/api/export/{table}.parquet", "/api/runs/{run_id:path}/otlp"),
    *("/api/label-values", "/api/reports/weekly/{week}.{form}"),
}


@dataclass(frozen=True, slots=True)
class Noting(Sight):
    """Lets everything through, and remembers the columns of each question."""

    seen: dict[str, pa.Schema] = field(default_factory=dict)

    def shown(self, question: str, project: str | None, rows: pa.Table) -> pa.Table:
        self.seen[question] = rows.schema
        return rows


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    with kept_samples(tmp_path_factory.mktemp("content") / "runlight.duckdb") as kept:
        yield kept


def in_sight(samples: Samples, sight: Sight) -> Samples:
    database = samples.database.limited(None, sight)
    return replace(samples, database=database, opener=Opener(samples.database).within(database))


def test_every_column_of_text_of_every_question_is_known_to_be_content_or_plain(samples: Samples) -> None:
    noting = Noting()
    seeing = in_sight(samples, noting)
    for question in ANSWERS.keys() - WHOLE:
        ANSWERS[question](seeing)
    assert len(noting.seen) > 100
    columns = {(question, column.name) for question, schema in noting.seen.items() for column in schema}
    names = {name for question, column in columns for name in (column, f"{question}.{column}")}
    unknown = [
        f"{question}.{column.name}"
        for question, schema in noting.seen.items()
        for column in schema
        if is_content(question, column) and not {column.name, f"{question}.{column.name}"} & CONTENT
    ]
    assert unknown == [], "queries/content.py does not say whether these hold content"
    assert not CONTENT & PLAIN
    assert names >= CONTENT | PLAIN, "queries/content.py lists columns that there are not"


def test_what_is_not_known_is_content() -> None:
    assert is_content("a new question", pa.field("what it said", pa.string()))
    assert is_content("a new question", pa.field("calls", pa.list_(pa.struct([("args", pa.string())]))))
    assert not is_content("a new question", pa.field("how much", pa.float64()))


def test_content_is_null_in_restricted_projects_alone_and_all_else_as_it_was(samples: Samples) -> None:
    whole = questions.runs(samples.database, FILTERS).rows
    blind = Sight(frozenset({PROJECT}), may_see=False)
    for sight in (blind, replace(blind, restricted=frozenset({"*"}))):
        narrowed = questions.runs(in_sight(samples, sight).database, FILTERS).rows
        hidden = [name for name in whole.column_names if not narrowed[name].equals(whole[name])]
        assert hidden == ["input_preview", "output_preview", "error_message"]
        assert not any(narrowed[name].null_count < narrowed.num_rows for name in hidden)
        assert narrowed.schema.types == whole.schema.types
    for sight in (replace(blind, may_see=True), replace(blind, restricted=frozenset({"another"}))):
        assert questions.runs(in_sight(samples, sight).database, FILTERS).rows.equals(whole)


def test_whole_records_are_neither_given_out_nor_searched(samples: Samples) -> None:
    records = SeenRecords(None, Sight(frozenset({PROJECT}), may_see=False))  # type: ignore[arg-type]
    with pytest.raises(ContentRestricted):
        records.otlp(PROJECT, pa.table({}))
    with pytest.raises(ContentRestricted):
        records.mentioning(PROJECT, ("refund",), 0, 1, 1)
    (nothing,) = records.contents(PROJECT, pa.table({"block_id": [1]}))
    assert not any(nothing.values())


def test_every_route_is_known_to_answer_without_content_or_refused(tmp_path: Path) -> None:
    assert not ANSWERED & REFUSED
    reading = [one for one in served(tmp_path) if is_of_a_project(one) and one.needs not in WRITING]
    assert {one.path for one in reading} - {"/api/projects", "/metrics"} == (ANSWERED | REFUSED) - {"/api/audit"}


def is_of_a_project(one: Served) -> bool:
    return one.path not in ("/api/docs", "/api/openapi.json") and one.needs != "ingest"


def test_a_setting_that_names_no_project_is_refused() -> None:
    assert restricted_projects(Settings(restricted_content="shop, *")) == {"shop", "*"}
    with pytest.raises(SettingsError, match="RUNLIGHT_RESTRICTED_CONTENT: no project is called 'No Such'"):
        restricted_projects(Settings(restricted_content="shop,No Such"))
