"""What is removed while a rule is evaluated fires nothing."""

import duckdb
import pytest

from alerts.kept import Kept, Silence
from ingest.removal import Removal, places, remove
from ingest.store import Store
from tests.alerts.watching import PROJECT, Watched, error_rate, runs
from tests.queries.records import Telling


class KeptAtARemoval(Kept):
    """After the first question is answered, and before anything of the answer is kept, a removal of a workflow's runs
    is begun, and done at once or not before somebody begins to ask again."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, workflow: str, *, is_quick: bool) -> None:
        super().__init__(connection.cursor())
        self._removing = Store(connection.cursor())
        self._workflow = workflow
        self._is_quick = is_quick
        self._is_begun = self._is_done = False

    def silences(self, project: str, now_ns: int) -> list[Silence]:
        if not self._is_begun:
            self._begin()
            if self._is_quick:
                self._finish()
        return super().silences(project, now_ns)

    def removals(self) -> int:
        if self._is_begun and not self._is_done:
            self._finish()
        return super().removals()

    def _begin(self) -> None:
        self._is_begun = True
        connection = self._removing.connection
        found = connection.execute("select run_id from runs where workflow_name = $name", {"name": self._workflow})
        going = Removal(PROJECT, "run", places([]), [run_id for (run_id,) in found.fetchall()])
        connection.begin()
        assert remove(self._removing, going, 1).run_count == 4

    def _finish(self) -> None:
        self._is_done = True
        self._removing.connection.commit()


@pytest.mark.parametrize("is_quick", [True, False], ids=["done by then", "under way"])
def test_an_alert_about_what_is_removed_meanwhile_is_neither_kept_nor_told(watched: Watched, is_quick: bool) -> None:
    watched.tell(runs(runs(Telling(), "gone", 600, good=0, bad=4), "stays", 600, good=0, bad=4))
    watched.kept = KeptAtARemoval(watched.connection, "gone", is_quick=is_quick)
    assert watched.evaluation(errors=error_rate()).evaluate(PROJECT)["fired"] == 1
    assert watched.firing() == ["stays"]
    assert watched.titles() == ["[firing] errors: stays (project default)"]
