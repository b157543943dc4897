"""`python server.py keys …` as its users have it: with and without a running server."""

import asyncio
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from access.admin import AdminSocket, order_of_server, socket_path
from access.binding import expect_closed_or_local
from access.commands import keys_command
from access.keyring import Keyring
from access.keys import Scope
from ingest.store import Store
from server import main
from settings import Settings, SettingsError
from tests.access.conftest import Locked
from tests.serving import ROOT, RunningServer

KEY = re.compile(r"rl_([0-9a-f]{12})_[0-9a-f]{64}\n")
SECONDS = 60


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RUNLIGHT_")}
    command = [sys.executable, "server.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=inherited, capture_output=True, text=True, timeout=SECONDS)


@pytest.fixture
def keys(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Carries a command out as the server's `main` does: exit code, standard output and error."""

    def carry_out(database: Path, *arguments: str) -> tuple[int, str, str]:
        code = main(["keys", *arguments, "--database", str(database)])
        return code, *capsys.readouterr()

    return carry_out


def no_backup(path: Path) -> dict[str, Any]:
    return {"error": f"none at {path}"}


def asked(server: RunningServer, key: str = "") -> int:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.get(f"{server.url}/api/projects", headers=headers, timeout=SECONDS).status_code


def test_the_running_server_takes_a_new_key_at_once_and_forgets_a_revoked_one(
    fresh_server: RunningServer, keys: Callable[..., tuple[int, str, str]]
) -> None:
    database = fresh_server.database
    assert asked(fresh_server) == 200

    order = ["--name", "the app", "--scope", "read", "--scope", "review", "--project", "shop"]
    added = run("keys", "add", *order, "--database", str(database))
    key, key_id = added.stdout.strip(), KEY.fullmatch(added.stdout)
    assert added.returncode == 0
    assert key_id, added
    assert "shown only now" in added.stderr
    assert "from now on every request needs a key" in added.stderr
    assert (asked(fresh_server), asked(fresh_server, key)) == (401, 200)

    _, listed, _ = keys(database, "list")
    assert re.search(rf"^{key_id[1]}  the app  read, review  shop +\S+Z  \S+Z  -$", listed, re.MULTILINE), listed
    assert key.split("_")[2] not in listed + "".join(fresh_server.log)

    assert keys(database, "revoke", key_id[1])[0] == 0
    assert (asked(fresh_server), asked(fresh_server, key)) == (401, 401)
    assert keys(database, "revoke", "00000000") == (1, "", "runlight: no key has the id '00000000'\n")

    fresh_server.kill()
    assert socket_path(database).exists()
    assert key_id[1] in keys(database, "list")[1]  # nobody listens any more, so the file is opened


def test_only_the_user_of_the_server_can_give_it_orders(server: RunningServer) -> None:
    kind = socket_path(server.database).stat()
    assert stat.S_ISSOCK(kind.st_mode)
    assert stat.S_IMODE(kind.st_mode) == 0o600


def test_a_server_lets_others_in_only_once_there_is_a_key(tmp_path: Path, locked: Locked) -> None:
    database = tmp_path / "runlight.duckdb"
    refused = run("--http-port", "0", "--grpc-port", "0", "--database", str(database), "--http-host", "0.0.0.0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert re.fullmatch(
        r"runlight: RUNLIGHT_HTTP_HOST: '0\.0\.0\.0' can be reached from other machines.*make a key.*\n", refused.stderr
    )

    for address in (locked.server.url.removeprefix("http://"), locked.server.grpc_address):
        assert address.startswith("0.0.0.0:")


@pytest.mark.parametrize("name", ["http_host", "grpc_host"])
def test_without_a_key_only_addresses_of_this_machine_are_listened_on(tmp_path: Path, name: str) -> None:
    store = Store.open(tmp_path / "runlight.duckdb")
    keyring = Keyring(store.cursor())
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        expect_closed_or_local(Settings(**{name: host}), keyring)
    others = ("0.0.0.0", "::", "10.0.0.7", "runlight.example", "")
    for host in others:
        with pytest.raises(
            SettingsError, match=f"RUNLIGHT_{name.upper()}: '{host}' can be reached from other machines"
        ):
            expect_closed_or_local(Settings(**{name: host}), keyring)
    keyring.revoke(keyring.add("agents", [Scope.READ], None).split("_")[1])
    for host in others:  # where every key is revoked, nobody gets in at all
        expect_closed_or_local(Settings(**{name: host}), keyring)
    store.close()


def test_a_server_takes_over_the_socket_of_one_that_was_killed(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "runlight.duckdb")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "runlight.sock"))

    async def ordered() -> list[object]:
        admin = AdminSocket(tmp_path / "runlight.duckdb", Keyring(store.cursor()), no_backup)
        await admin.start()
        orders: list[object] = [{"do": "list"}, {"do": "nonsense"}, {"do": "add", "name": "a", "scopes": 1}, [], "x"]
        answers = [await asyncio.to_thread(order_of_server, tmp_path / "runlight.duckdb", order) for order in orders]
        await admin.stop()
        return answers

    first, *rest = asyncio.run(ordered())
    assert first == {"keys": []}
    assert rest == [{"error": "this is no order that the server knows"}] * 4
    assert order_of_server(tmp_path / "runlight.duckdb", {"do": "list"}) is None
    store.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "required: action"),
        (["make"], "invalid choice"),
        (["add"], "needs --name"),
        (["add", "--name", " ", "--scope", "read", "--all-projects"], "needs --name"),
        (["add", "--name", "two\nlines", "--scope", "read", "--all-projects"], "needs --name"),
        (["add", "--name", "n" * 101, "--scope", "read", "--all-projects"], "needs --name"),
        (["add", "--name", "a", "--all-projects"], "needs --scope"),
        (["add", "--name", "a", "--scope", "root", "--all-projects"], "invalid choice: 'root'"),
        (["add", "--name", "a", "--scope", "read"], "needs either --project"),
        (["add", "--name", "a", "--scope", "read", "--project", "shop", "--all-projects"], "needs either --project"),
        (["add", "--name", "a", "--scope", "read", "--project", "../etc"], "'../etc'"),
        (["add", "1234", "--name", "a", "--scope", "read", "--all-projects"], "takes no ID"),
        (["list", "--name", "a"], "takes no --name"),
        (["revoke"], "needs the ID"),
        (["list", "--nonsense"], "unrecognized arguments"),
    ],
)
def test_arguments_that_make_no_sense_are_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "runlight.duckdb"
    with pytest.raises(SystemExit) as ended:
        keys_command([*arguments, "--database", str(database)], lambda _: pytest.fail("the file was opened"))
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert told.out == ""
    assert re.fullmatch(rf"runlight: .*{re.escape(says)}.*\n", told.err), told.err
    assert not database.exists()


def test_what_comes_to_nothing_is_one_line_and_exit_code_1(
    tmp_path: Path, keys: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, error = keys(tmp_path / "none.duckdb", "list")
    assert (code, out) == (1, "")
    assert re.fullmatch(r"runlight: there is no file .*none\.duckdb.*\n", error)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf.sock"))
        code, out, error = keys(tmp_path / "deaf.duckdb", "list")
    assert (code, out) == (1, "")
    assert re.fullmatch(r"runlight: the server at .*deaf\.sock gives no answer: .*\n", error)

    broken = tmp_path / "broken.duckdb"
    broken.write_bytes(b"not a database" * 1000)
    code, out, error = keys(broken, "add", "--name", "a", "--scope", "read", "--all-projects")
    assert (code, out) == (1, "")
    assert error.startswith(f"runlight: {broken} cannot be opened")


def test_where_a_path_is_too_long_for_a_socket_keys_are_managed_while_no_server_runs(
    tmp_path: Path, keys: Callable[..., tuple[int, str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    database = tmp_path / ("long" * 30) / "runlight.duckdb"
    assert keys(database, "add", "--name", "a", "--scope", "read", "--all-projects")[0] == 0
    store = Store.open(database)
    asyncio.run(AdminSocket(database, Keyring(store.cursor()), no_backup).start())
    store.close()
    assert "keys cannot be managed while this server runs" in caplog.text


def test_a_key_that_was_made_before_the_server_is_there_when_it_starts(
    tmp_path: Path, keys: Callable[..., tuple[int, str, str]]
) -> None:
    database = tmp_path / "new" / "runlight.duckdb"
    _, key, _ = keys(database, "add", "--name", "a", "--scope", "read", "--all-projects")
    store = Store.open(database)
    assert Keyring(store.cursor()).find(key.strip())
    store.close()
