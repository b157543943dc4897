"""What docs/operations.md quotes is in the code, and what deploy/ names exists."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from settings import Settings
from tests.operations.certificates import Authority
from tests.serving import ROOT

DEPLOY = ROOT / "deploy"
SETTINGS = {f"RUNLIGHT_{name.upper()}" for name in Settings.model_fields}
LIBRARIES = {"certificate has expired"}  # OpenSSL's words, which a test of operations.tls sees


def code(*, joined: bool = True) -> str:
    """All of the program's text; joined, strings that go over several lines are in one piece."""
    folders = ("access", "alerts", "ingest", "operations", "pages", "queries")
    files = [*ROOT.glob("*.py"), *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]
    text = "\n".join(path.read_text() for path in files)
    return re.sub(r'"\n\s*f?"', "", text) if joined else text


def test_every_message_that_an_operator_shall_search_for_is_in_the_code() -> None:
    quoted = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    messages = [message for message in quoted if not message.startswith("GET ")]
    assert len(messages) > 25
    text = code()
    assert [message for message in messages if message not in text and message not in LIBRARIES] == []


def test_every_line_that_warns_in_the_log_is_explained() -> None:
    """By what its event is called: the words before what differs."""
    explained = (ROOT / "docs" / "operations.md").read_text()
    warned = {
        re.split(r" ?\w+=|[:;]", node.args[0].value)[0].strip()
        for node in ast.walk(ast.parse(code(joined=False)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func).lstrip("_") in ("log.warning", "log.error", "log.exception")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }
    assert len(warned) > 15
    assert sorted(event for event in warned if f"`{event}" not in explained) == []


def test_every_setting_that_the_deployment_names_exists() -> None:
    own = {"RUNLIGHT_PASSWORD_HASH"}  # of the proxy
    for path in [*DEPLOY.iterdir(), ROOT / "docs" / "operations.md"]:
        named = set(re.findall(r"RUNLIGHT_[A-Z_]*[A-Z]", path.read_text()))
        assert named <= SETTINGS | own, path.name


def test_the_compose_file_is_closed_to_others_and_starts_what_exists() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert set(compose["services"]) == {"server", "app"}
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service
    (volume,) = compose["services"]["server"]["volumes"]
    assert volume.partition(":")[0] in compose["volumes"]
    assert f"VOLUME {volume.partition(':')[2]}" in (DEPLOY / "Dockerfile").read_text()
    assert (ROOT / compose["services"]["server"]["build"]["dockerfile"]).exists()
    assert "serve_app.py" in compose["services"]["app"]["command"]


def test_the_image_holds_all_that_the_processes_import_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = {source for line in lines if line.startswith("COPY ") for source in shlex.split(line)[1:-1]}
    assert all((ROOT / source).exists() for source in copied)
    packages = {path.parent.name for path in ROOT.glob("*/*.py")} - {"bench", "tests"}
    assert packages <= copied
    assert next(line for line in lines if line.startswith("FROM ")).partition(":")[2] not in ("", "latest")
    assert [line for line in lines if line.startswith("USER ")] == ["USER runlight"]
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    nginx = _program("nginx", "the configuration for it")
    pair = Authority(tmp_path).give("server")
    text = (DEPLOY / "nginx.conf").read_text()
    assert text.count("proxy_set_header Host $http_host;") == text.count("proxy_pass ") > 0
    for name, value in {
        "/etc/ssl/runlight/fullchain.pem": pair.cert,
        "/etc/ssl/runlight/privkey.pem": pair.key,
        " 443 ": f" unix:{tmp_path}/app ",
        " 4443 ": f" unix:{tmp_path}/grpc ",
    }.items():
        assert name in text
        text = text.replace(name, str(value))
    files = "".join(f"{kind}_temp_path {tmp_path};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {files} {text} }}"
    (tmp_path / "nginx.conf").write_text(whole)
    told = subprocess.run([nginx, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def test_caddy_takes_its_configuration() -> None:
    command = [_program("caddy", "the configuration for it"), "adapt", "--config", DEPLOY / "Caddyfile"]
    environment = {"RUNLIGHT_PASSWORD_HASH": "$2a$14$" + "a" * 53, "HOME": "/"}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def _program(name: str, reads: str) -> str:
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if found is None:
        pytest.skip(f"NOT RUN: {name} is to read {reads}, and there is none (Debian: apt install {name})")
    return found


@pytest.mark.parametrize("unit", ["runlight-server.service", "runlight-app.service"])
def test_the_units_are_sound(unit: str) -> None:
    text = (DEPLOY / unit).read_text()
    for option in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "User=runlight"):
        assert option in text
    told = subprocess.run(
        [_program("systemd-analyze", "the units"), "verify", DEPLOY / unit], capture_output=True, text=True, check=False
    )
    wrong = [line for line in told.stderr.splitlines() if unit in line and "is not executable" not in line]
    assert wrong == []


def test_the_doctor_finds_what_is_wrong_and_changes_nothing(tmp_path: object) -> None:
    command = [sys.executable, "server.py", "doctor", "--database", f"{tmp_path}/none/runlight.duckdb"]
    environment = {"PATH": "/usr/bin:/bin", "RUNLIGHT_HTTP_HOST": "0.0.0.0", "RUNLIGHT_GRPC_PROT": "1"}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 2, told.stderr
    assert re.search(r"^warning +settings +RUNLIGHT_GRPC_PROT is set, and no setting has this name$", told.stdout, re.M)
    assert re.search(r"^wrong +keys +there is no API key, which these addresses need", told.stdout, re.M)
