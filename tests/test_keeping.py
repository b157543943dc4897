"""Removing, pinning and copying as their users do it: by the API of a running server, and by command."""

import subprocess
import sys
from pathlib import Path

import duckdb
import httpx

from tests.ingest.otlp_samples import spans
from tests.serving import ROOT, RunningServer, settle

PROJECT, GONE, STAYS = "keeping", "d" * 32, "e" * 32
SECONDS = 120


def post(http: httpx.Client, *traces: str) -> None:
    request = spans(*traces)
    for one in request.resource_spans[0].scope_spans[0].spans:
        for key, value in {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.conversation.id": f"talk {one.trace_id.hex()[0]}",
            "user.email": f"{one.trace_id.hex()[0]}@example.com",
        }.items():
            one.attributes.add(key=key).value.string_value = value
    headers = {"content-type": "application/x-protobuf", "x-runlight-project": PROJECT}
    http.post("/v1/traces", content=request.SerializeToString(), headers=headers).raise_for_status()
    settle(http, PROJECT)


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "server.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS
    )


def test_what_is_removed_by_the_api_is_told_before_and_gone_at_once_and_a_pin_shows(server: RunningServer) -> None:
    asked = {"project": PROJECT, "since": "2025-12-31"}
    with httpx.Client(base_url=server.url, timeout=SECONDS) as http:
        post(http, GONE, STAYS)
        version = http.get("/api/version", params=asked).json()
        would = http.get("/api/removal", params=asked | {"user": "D@example.com"}).json()["rows"]
        assert [(row["run_count"], row["span_count"]) for row in would] == [(1, 1)]
        assert http.get(f"/api/runs/{GONE}", params=asked).status_code == 200
        assert http.delete("/api/users/D@example.com", params=asked).json() == would[0]

        assert [run["run_id"] for run in http.get("/api/runs", params=asked).json()["rows"]] == [STAYS]
        assert http.get(f"/api/runs/{GONE}", params=asked).status_code == 404
        assert http.get(f"/api/runs/{GONE}/otlp", params=asked).status_code == 404
        assert http.get("/api/runs", params=asked | {"q": "d@example.com"}).json()["rows"] == []
        assert http.get("/api/version", params=asked).json() != version

        assert http.post(f"/api/runs/{STAYS}/pin", params=asked, json={"by": "kim"}).status_code == 201
        assert http.post(f"/api/runs/{STAYS}/pin", params=asked).status_code == 201
        (pin,) = http.get(f"/api/runs/{STAYS}", params=asked).json()["pins"]
        assert pin["pinned_by"] == "kim"
        assert http.delete(f"/api/runs/{STAYS}/pin", params=asked).status_code == 204
        assert http.get(f"/api/runs/{STAYS}", params=asked).json()["pins"] == []
        assert http.post(f"/api/runs/{GONE}/pin", params=asked).status_code == 404

        assert http.delete("/api/conversations/talk e", params=asked).json()["run_count"] == 1
        assert http.delete(f"/api/runs/{STAYS}", params=asked).json()["run_count"] == 0
        assert http.get("/api/removal", params=asked).status_code == 422
        assert "RUNLIGHT_BACKUP_FOLDER" in http.post("/api/admin/backup").json()["error"]


def test_the_store_is_backed_up_restored_compacted_and_read_anew_by_commands_which_its_audit_log_tells_of(
    server: RunningServer, tmp_path: Path
) -> None:
    copy, restored, database = tmp_path / "copy.duckdb", tmp_path / "restored.duckdb", str(server.database)
    made = command("backup", "--out", str(copy), "--database", database)
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"runlight: backed up {copy} bytes={copy.stat().st_size}\n"
    again = command("backup", "--out", str(copy), "--database", database)
    assert again.returncode == 1
    assert "is there already, and nothing is overwritten" in again.stderr
    refused = command("compact", "--database", database)
    assert refused.returncode == 1
    assert "a server is at work on" in refused.stderr

    put = command("restore", str(copy), "--database", str(restored))
    assert put.stdout == f"runlight: restored {restored} bytes={restored.stat().st_size}\n"
    compacted = command("compact", "--database", str(restored))
    assert compacted.returncode == 0, compacted.stderr
    assert compacted.stdout.startswith(f"runlight: compacted {restored} bytes_before=")
    offline = command("backup", "--out", str(tmp_path / "second.duckdb"), "--database", str(restored))
    assert offline.returncode == 0, offline.stderr
    assert (tmp_path / "second.duckdb").exists()
    assert command("backup", "--out", "x", "--database", str(tmp_path / "none.duckdb")).returncode == 1
    anew = command("renormalise", "--database", str(restored))
    assert anew.returncode == 0, anew.stderr

    with duckdb.connect(str(restored), read_only=True) as store:
        noted = store.execute("select act, about from audit_log order by done_at desc limit 5").fetchall()
    assert noted[::-1] == [
        ("made a backup", str(copy)),
        ("restored the store", str(copy)),
        ("compacted the store", str(restored)),
        ("made a backup", str(tmp_path / "second.duckdb")),
        ("read all records anew", "of all projects"),
    ]
