"""What was acknowledged survives a power cut; what was not may be sent again, and is there once."""

import random
from pathlib import Path

from tests.faults.exporters import Book, check, exporting
from tests.serving import running_server, until

ROUNDS = 5
SEED = 20_260_101
CHECKPOINT_BYTES = 64 * 1024  # so little that one is nearly always under way


def kill_once(database: Path, book: Book, chance: random.Random) -> None:
    """A server under load, killed at a random moment; then everything acknowledged so far is looked for."""
    known = len(book.acknowledged)
    enough = known + chance.randrange(1, 150)
    with running_server(database, checkpoint_bytes=CHECKPOINT_BYTES) as server, exporting(server, book):
        until(lambda: len(book.acknowledged) >= enough or book.wrong)
        server.kill()
    check(database, book)


def test_every_acknowledged_span_is_there_once_however_often_the_server_is_killed(tmp_path: Path) -> None:
    database, book, chance = tmp_path / "runlight.duckdb", Book(), random.Random(SEED)
    for _ in range(ROUNDS):  # each begins with the file that the one before left, and sends again what got no answer
        kill_once(database, book, chance)
