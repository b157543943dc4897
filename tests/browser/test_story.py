"""The story of an on-call night: an agent reports, its run appears, is opened, and the failing step is found."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from playwright.sync_api import expect

from pages.shared import first_trace
from tests.browser.conftest import Visitor
from tests.pages.agents import refund_that_fails, refund_that_works, tracing
from tests.serving import RunningServer

NPM_PACKAGES = ["@opentelemetry/sdk-trace-node@2.12.0", "@opentelemetry/exporter-trace-otlp-http@0.223.1"]
NPM_SECONDS = 300


def test_a_run_sent_by_python_over_grpc_appears_and_leads_to_its_failing_step(
    app: str, fresh_server: RunningServer, visitor: Visitor
) -> None:
    page = visitor.page
    page.goto(f"{app}/runs")
    expect(visitor.text("Nothing has arrived yet")).to_be_visible()

    for agent, run_count in ((refund_that_fails, 1), (refund_that_works, 2)):
        with tracing(OTLPSpanExporter(fresh_server.grpc_address, insecure=True)) as tracer:
            run_id = agent(tracer)
        expect(visitor.rows()).to_have_count(run_count)

    visitor.click_row(1)
    expect(page).to_have_url(re.compile(r"/run\?"))
    assert run_id not in page.url
    expect(visitor.text("OrderNotFound: order 7 not found")).to_have_count(2)
    expect(visitor.text("Where is my refund for order 7?").first).to_be_visible()
    expect(visitor.text("tool find_order")).to_be_visible()
    expect(visitor.bars()).to_have_count(3)
    visitor.expect_at_rest()
    seen = visitor.texts().all_inner_texts()

    page.reload()
    expect(visitor.text("tool find_order")).to_be_visible()
    expect(visitor.bars()).to_have_count(3)
    expect(visitor.texts()).to_have_text(seen)

    visitor.click_bar(1)
    expect(visitor.text("llm gpt-4o-2024-08-06")).to_be_visible()
    expect(visitor.text("I look the order up.")).to_be_visible()
    visitor.expect_at_rest()
    address, seen = page.url, visitor.texts().all_inner_texts()
    page.goto("about:blank")
    page.goto(address)
    expect(visitor.text("I look the order up.")).to_be_visible()
    expect(visitor.texts()).to_have_text(seen)

    with page.expect_download() as download:
        page.get_by_role("button", name="OTLP").click()
    sent = json.loads(download.value.path().read_text())
    assert len(sent["resourceSpans"][0]["scopeSpans"][0]["spans"]) == 3

    page.get_by_test_id("stMain").get_by_role("link", name="Runs").click()
    expect(visitor.rows()).to_have_count(2)


def test_a_run_sent_by_node_as_json_appears(
    app: str, fresh_server: RunningServer, visitor: Visitor, tmp_path: Path
) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(
            "NOT RUN: the exporter is Node's own, which npm installs, and there is no npm (Debian: apt install npm)"
        )
    visitor.page.goto(f"{app}/runs")
    expect(visitor.text("Nothing has arrived yet")).to_be_visible()
    (tmp_path / "agent.js").write_text(first_trace.node(fresh_server.url, "default"))
    quiet = {"npm_config_fund": "false", "npm_config_audit": "false", "npm_config_update_notifier": "false"}
    for command in ([npm, "install", "--prefix", str(tmp_path), *NPM_PACKAGES], ["node", "agent.js"]):
        subprocess.run(command, cwd=tmp_path, env=os.environ | quiet, check=True, timeout=NPM_SECONDS)
    expect(visitor.rows()).to_have_count(1)
    visitor.click_row(0)
    expect(visitor.text("agent hello")).to_be_visible()
    expect(visitor.bars()).to_have_count(1)
