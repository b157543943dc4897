"""The same kind of stories in other dialects: OpenInference spans, and a coding agent that sends log events only."""

import json
from datetime import UTC, datetime
from typing import Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.trace import SpanKind

from sample_traces.agents import Step
from sample_traces.stage import Service, Stage


def openinference_rag(stage: Stage) -> None:
    """A question about the staff handbook: embed, retrieve, ask, look one thing up, answer. OpenInference keys."""
    service = stage.service("handbook-answers", "0.17.0")
    service.use_scope("openinference.instrumentation", "0.1.72")
    shared = {
        "session.id": "hr-chat-2217",
        "user.id": "employee-2217",
        "metadata": json.dumps({"office": "Rotterdam", "release": "0.17.0"}),
        "tag.tags": ["hr", "handbook"],
    }
    asked = "How many days of care leave do I have left this year, and do I need a doctor's note?"
    passages = [
        "§ 7.3 Care leave. Employees may take up to ten working days of paid care leave a calendar year to look after "
        "a sick child, partner or parent. Days that are not taken expire on 31 December.",
        "§ 7.4 Proof. From the third day in a row the employer may ask for a doctor's note; an e-mail is enough.",
    ]
    system = (
        "Answer from the staff handbook and the leave account only. Quote the paragraph. If the two disagree, the "
        "leave account wins. Three sentences at most."
    )
    answer = (
        "You have four of ten days of care leave left this year (leave account); they expire on 31 December (§ 7.3). A "
        "doctor's note is needed only from the third day in a row, and an e-mail is enough (§ 7.4)."
    )
    question = [("system", system), ("user", f"{asked}\n\nHandbook:\n" + "\n".join(passages))]
    call = {"id": "call_leave_1", "name": "leave_account", "arguments": json.dumps({"kind": "care", "year": 2026})}
    account = json.dumps({"kind": "care", "entitled": 10, "taken": 6, "left": 4})
    root = _openinference("AGENT", asked, answer) | shared | {"agent.name": "handbook-agent"}
    with Step(service, "handbook-agent", root, None, SpanKind.INTERNAL) as agent:
        found: dict[str, Any] = _openinference("RETRIEVER", asked) | shared
        for index, text in enumerate(passages):
            found[f"retrieval.documents.{index}.document.id"] = f"handbook#7.{index + 3}"
            found[f"retrieval.documents.{index}.document.content"] = text
            found[f"retrieval.documents.{index}.document.score"] = 0.83 - 0.05 * index
        with Step(service, "search_handbook", found, agent.context, SpanKind.INTERNAL) as retriever:
            embedding = _openinference("EMBEDDING", asked) | shared
            embedding |= {"embedding.model_name": "text-embedding-3-small", "llm.provider": "openai"}
            embedding |= {"llm.token_count.prompt": 14, "embedding.embeddings.0.embedding.text": asked}
            with Step(service, "embed_query", embedding, retriever.context, SpanKind.INTERNAL):
                stage.wait(0.09)
            stage.wait(0.06)
        first = _openinference_llm(question, [("assistant", "")], 2450, 64, "tool_calls") | shared
        first |= {f"llm.output_messages.0.message.tool_calls.0.tool_call.{key}": text for key, text in _flat(call)}
        with Step(service, "MistralChat", first, agent.context, SpanKind.INTERNAL):
            stage.wait(1.7)
        tool = _openinference("TOOL", call["arguments"], account) | shared
        tool |= {"tool.name": "leave_account", "tool.id": call["id"], "tool.description": "What is left of a leave."}
        with Step(service, "leave_account", tool, agent.context, SpanKind.INTERNAL):
            stage.wait(0.2)
        second = _openinference_llm(
            [*question, ("assistant", ""), ("tool", account)], [("assistant", answer)], 2780, 190
        )
        second |= {f"llm.input_messages.2.message.tool_calls.0.tool_call.{key}": text for key, text in _flat(call)}
        second |= {"llm.input_messages.3.message.tool_call_id": call["id"]} | shared
        with Step(service, "MistralChat", second, agent.context, SpanKind.INTERNAL):
            stage.wait(2.6)


def coding_agent_session(stage: Stage) -> None:
    """A coding agent on somebody's machine: no spans, no trace ids, only `claude_code.*` log events and one prompt."""
    service = stage.service("claude-code", "2.1.330", "development", os__type="linux", host__arch="arm64")
    service.use_scope("com.anthropic.claude_code.events", "2.1.330")
    session = _CodingSession(stage, service)
    read, test, edit, push = (f"toolu_cc_{number}" for number in range(1, 5))
    session.event(
        "user_prompt",
        prompt_length="112",
        prompt="The rounding test fails since the last merge. Find out why, fix it, run the tests and push the branch.",
    )
    stage.wait(4.1)
    session.model_call(4100, 6, 180, 0, 12400, 0.032812, "I'll look at the test and at the code it covers.")
    session.decision(read, "Read", "accept", "config")
    stage.wait(0.03)
    session.result(read, "Read", 28, {"file_path": "/src/billing/rounding.py"})
    stage.wait(5.2)
    session.model_call(5200, 9, 240, 12400, 900, 0.005908, "`round()` rounds half to even; the test expects half up.")
    stage.wait(9)
    session.decision(edit, "Edit", "accept", "user_temporary")
    stage.wait(0.02)
    session.result(
        edit,
        "Edit",
        19,
        {
            "file_path": "/src/billing/rounding.py",
            "old_string": "return round(amount, 2)",
            "new_string": "return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)",
        },
    )
    stage.wait(6.4)
    session.model_call(6400, 7, 310, 13300, 650, 0.006069, "Now the tests.")
    stage.wait(6)
    session.decision(test, "Bash", "accept", "user_temporary")
    stage.wait(14.2)
    session.result(test, "Bash", 14200, {"command": "pytest -q tests/billing", "description": "Run the billing tests"})
    stage.wait(3.0)
    session.model_call(3000, 8, 150, 13950, 480, 0.004111, "All 48 tests pass. I'll push the branch.")
    stage.wait(21)
    session.decision(push, "Bash", "reject", "user_reject")


class _CodingSession:
    """Emits log events as Claude Code does: numbers often as text, the short name in `event.name`, the full as body."""

    def __init__(self, stage: Stage, service: Service) -> None:
        self._stage = stage
        self._service = service
        self._count = 0

    def model_call(
        self, took_ms: int, fresh: int, output: int, cache_read: int, cache_write: int, cost_usd: float, says: str
    ) -> None:
        model = {"model": "claude-sonnet-5-5", "query_source": "repl_main_thread"}
        self.event(
            "api_request",
            **model,
            input_tokens=fresh,
            output_tokens=output,
            cache_read_tokens=cache_read,
            cache_creation_tokens=cache_write,
            cost_usd=cost_usd,
            duration_ms=took_ms,
            request_id=self._stage.ids.text("req_", 24),
        )
        self.event("assistant_response", **model, response=says, response_length=len(says))

    def decision(self, call: str, tool: str, decision: str, source: str) -> None:
        self.event("tool_decision", decision=decision, source=source, tool_name=tool, tool_use_id=call)

    def result(self, call: str, tool: str, took_ms: int, arguments: dict[str, str]) -> None:
        self.event(
            "tool_result",
            tool_name=tool,
            tool_use_id=call,
            success="true",
            duration_ms=str(took_ms),
            tool_input=json.dumps(arguments),
        )

    def event(self, name: str, **attributes: str | int | float) -> None:
        moment_ms = self._stage.now_ns // 1_000_000
        second, milliseconds = divmod(moment_ms, 1000)
        self._service.logger.emit(
            timestamp=self._stage.now_ns,
            observed_timestamp=self._stage.now_ns,
            severity_number=SeverityNumber.UNSPECIFIED,
            body=f"claude_code.{name}",
            attributes={
                "user.id": "developer-31",
                "session.id": "0c5a7d52-6f0e-4f7e-9a44-5b1d2f6f7a10",
                "prompt.id": "4fd0f0a4-2b61-4c53-8a0b-7d8f0c9a5e21",
                "terminal.type": "vscode",
                "event.name": name,
                "event.timestamp": f"{_iso(second)}.{milliseconds:03d}Z",
                "event.sequence": self._count,
                **attributes,
            },
        )
        self._count += 1


def _openinference(kind: str, value: str, output: str = "") -> dict[str, Any]:
    attributes = {"openinference.span.kind": kind, "input.value": value, "input.mime_type": "text/plain"}
    return attributes | ({"output.value": output, "output.mime_type": "text/plain"} if output else {})


def _openinference_llm(
    asked: list[tuple[str, str]],
    answered: list[tuple[str, str]],
    input_tokens: int,
    output_tokens: int,
    finish: str = "stop",
) -> dict[str, Any]:
    attributes = _openinference("LLM", asked[-1][1], answered[-1][1])
    attributes |= {
        "llm.provider": "mistralai",
        "llm.system": "mistralai",
        "llm.model_name": "mistral-medium-3-5",
        "llm.invocation_parameters": json.dumps({"model": "mistral-medium-3-5", "temperature": 0.2}),
        "llm.token_count.prompt": input_tokens,
        "llm.token_count.completion": output_tokens,
        "llm.token_count.total": input_tokens + output_tokens,
        "llm.finish_reason": finish,
    }
    for side, messages in (("input", asked), ("output", answered)):
        for index, (role, content) in enumerate(messages):
            attributes[f"llm.{side}_messages.{index}.message.role"] = role
            if content:
                attributes[f"llm.{side}_messages.{index}.message.content"] = content
    return attributes


def _flat(call: dict[str, str]) -> list[tuple[str, str]]:
    return [("id", call["id"]), ("function.name", call["name"]), ("function.arguments", call["arguments"])]


def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
