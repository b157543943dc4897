"""Scripted agents that speak today's OpenTelemetry GenAI conventions, and `oversight.*` where those have no word."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from sample_traces.stage import Service


@dataclass(frozen=True)
class Model:
    """A model as it is asked for, and as the provider says it answered."""

    requested: str
    provider: str
    served: str
    address: str


OPUS = Model("claude-opus-5-5", "anthropic", "claude-opus-5-5", "api.anthropic.com")
SONNET = Model("claude-sonnet-5-5", "anthropic", "claude-sonnet-5-5-20260915", "api.anthropic.com")
GPT_SOL = Model("gpt-6-sol", "openai", "gpt-6-sol-2026-09-18", "api.openai.com")
GPT_SOL_NEW = Model("gpt-6.1-sol", "openai", "gpt-6.1-sol", "api.openai.com")
GPT_MINI = Model("gpt-5.4-mini", "openai", "gpt-5.4-mini-2026-03-17", "api.openai.com")
GEMINI_FLASH = Model("gemini-3.5-flash", "gcp.gemini", "gemini-3.5-flash", "generativelanguage.googleapis.com")


@dataclass(frozen=True)
class Tokens:
    """What one call used; cached tokens are part of `input`, reasoning is part of `output`, None is unknown."""

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None

    def attributes(self) -> dict[str, int]:
        sent = {
            "gen_ai.usage.input_tokens": self.input,
            "gen_ai.usage.output_tokens": self.output,
            "gen_ai.usage.cache_read.input_tokens": self.cache_read,
            "gen_ai.usage.cache_write.input_tokens": self.cache_write,
            "gen_ai.usage.reasoning.output_tokens": self.reasoning,
        }
        return {key: count for key, count in sent.items() if count is not None}


@dataclass(frozen=True)
class Call:
    """A tool call that a model asked for."""

    id: str
    tool: str
    arguments: dict[str, Any]

    def part(self) -> dict[str, Any]:
        return {"type": "tool_call", "id": self.id, "name": self.tool, "arguments": self.arguments}


class Step:
    """A span in progress; leaving it ends it, and one that is never left is never sent."""

    def __init__(
        self, service: Service, name: str, attributes: Mapping[str, Any], under: Context | None, kind: SpanKind
    ) -> None:
        self.service = service
        self.stage = service.stage
        self.span: Span = service.tracer.start_span(
            name, context=under or Context(), kind=kind, attributes=attributes, start_time=self.stage.now_ns
        )
        self.context = trace.set_span_in_context(self.span, Context())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.span.end(self.stage.now_ns)

    def fail(self, error_type: str, message: str, stack: str = "") -> None:
        """The span's own failure: status, error.type and an exception event."""
        exception = {"exception.type": error_type, "exception.message": message, "exception.stacktrace": stack}
        self.span.add_event("exception", {key: text for key, text in exception.items() if text}, self.stage.now_ns)
        self.span.set_attribute("error.type", error_type)
        self.span.set_status(Status(StatusCode.ERROR, message))

    def log(self, event_name: str, attributes: Mapping[str, Any]) -> None:
        """An OTel event: a log record with a name and this span's context."""
        self.service.logger.emit(
            timestamp=self.stage.now_ns,
            observed_timestamp=self.stage.now_ns,
            context=self.context,
            severity_number=SeverityNumber.INFO,
            severity_text="INFO",
            event_name=event_name,
            attributes=dict(attributes),
        )


class Workflow(Step):
    """`invoke_workflow`: the root under which agents work for one request."""

    def __init__(self, service: Service, name: str, asked: str, conversation: str, user: str | None = None) -> None:
        attributes = {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.workflow.name": name,
            "gen_ai.conversation.id": conversation,
            "gen_ai.input.messages": _json([_message("user", _text(asked))]),
        }
        super().__init__(
            service, f"invoke_workflow {name}", _with_user(attributes, user), under=None, kind=SpanKind.INTERNAL
        )
        self.conversation = conversation

    def answer(self, text: str) -> None:
        """The workflow's own output."""
        self.span.set_attribute("gen_ai.output.messages", _json([_message("assistant", _text(text), finish="stop")]))


class Agent(Step):
    """`invoke_agent`: remembers the conversation, asks models and uses tools."""

    def __init__(
        self,
        service: Service,
        name: str,
        *,
        version: str,
        system: str,
        prompt: tuple[str, str],
        conversation: str,
        tools: Mapping[str, str] | None = None,
        under: Step | None = None,
        workflow: str | None = None,
        user: str | None = None,
    ) -> None:
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": name,
            "gen_ai.agent.version": version,
            "gen_ai.conversation.id": conversation,
            "gen_ai.prompt.name": prompt[0],
            "gen_ai.prompt.version": prompt[1],
        }
        if workflow is not None:
            attributes["gen_ai.workflow.name"] = workflow
        super().__init__(
            service,
            f"invoke_agent {name}",
            _with_user(attributes, user),
            under=under.context if under else None,
            kind=SpanKind.INTERNAL,
        )
        self.name = name
        self.conversation = conversation
        self._on_behalf = {"gen_ai.agent.name": name, "gen_ai.conversation.id": conversation}
        if workflow is not None:
            self._on_behalf["gen_ai.workflow.name"] = workflow
        self._prompt = {"gen_ai.prompt.name": prompt[0], "gen_ai.prompt.version": prompt[1]}
        self._system = _json([_text(system)])
        self._tools = dict(tools or {})
        self._messages: list[dict[str, Any]] = []

    def hear(self, text: str) -> None:
        """A message from whoever the agent works for; the first is also the agent's input."""
        self._messages.append(_message("user", _text(text)))
        if len(self._messages) == 1:
            self.span.set_attribute("gen_ai.input.messages", _json(self._messages))

    def think(
        self,
        model: Model,
        tokens: Tokens,
        took: float,
        says: str = "",
        calls: Sequence[Call] = (),
        *,
        first_chunk: float | None = None,
        finish: str | None = None,
        attempt: int | None = None,
        remembers: int | None = None,
    ) -> None:
        """One model call that answers with words, tool calls or both; `remembers` sends only the last messages."""
        finish = finish or ("tool_call" if calls else "stop")
        attributes = self._question(model, remembers, attempt) | tokens.attributes()
        answer = _message(
            "assistant", *([_text(says)] if says else []), *(call.part() for call in calls), finish=finish
        )
        attributes |= {
            "gen_ai.response.model": model.served,
            "gen_ai.response.id": self.stage.ids.text("resp_", 24),
            "gen_ai.response.finish_reasons": [finish],
            "gen_ai.output.messages": _json([answer]),
        }
        if first_chunk is not None:
            attributes["gen_ai.response.time_to_first_chunk"] = first_chunk
        with Step(self.service, f"chat {model.requested}", attributes, self.context, SpanKind.CLIENT):
            self.stage.wait(took)
        self._messages.append(answer)
        if says and not calls:
            self.span.set_attribute("gen_ai.output.messages", _json([answer]))

    def think_in_vain(
        self, model: Model, took: float, error_type: str, message: str, *, attempt: int | None = None
    ) -> None:
        """One model call that the provider refused."""
        attributes = self._question(model, None, attempt)
        with Step(self.service, f"chat {model.requested}", attributes, self.context, SpanKind.CLIENT) as chat:
            self.stage.wait(took)
            chat.fail(error_type, message)

    def use(self, call: Call, took: float, result: object) -> None:
        """A tool call that worked."""
        with self.tool(call) as tool:
            self.stage.wait(took)
            tool.span.set_attribute("gen_ai.tool.call.result", _json(result))
        self.learn(call, result)

    def use_in_vain(self, call: Call, took: float, error_type: str, message: str, stack: str = "") -> None:
        """A tool call that failed; the agent is told so."""
        with self.tool(call) as tool:
            self.stage.wait(took)
            tool.fail(error_type, message, stack)
        self.learn(call, {"error": message})

    def use_together(self, *work: tuple[Call, float, object]) -> None:
        """Several tool calls at once, each (call, seconds, result); time moves on when the longest is done."""
        began_ns = self.stage.now_ns
        ended_ns = began_ns
        for call, took, result in work:
            self.stage.now_ns = began_ns
            self.use(call, took, result)
            ended_ns = max(ended_ns, self.stage.now_ns)
        self.stage.now_ns = ended_ns

    def tool(self, call: Call) -> Step:
        """The span of a tool call, for calls that hold more than a result."""
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": call.tool,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.description": self._tools.get(call.tool, ""),
            "gen_ai.tool.call.id": call.id,
            "gen_ai.tool.call.arguments": _json(call.arguments),
        } | self._on_behalf
        return Step(self.service, f"execute_tool {call.tool}", attributes, self.context, SpanKind.INTERNAL)

    def learn(self, call: Call, result: object) -> None:
        """What comes back for a call, whether or not a tool ran."""
        self._messages.append(_message("tool", {"type": "tool_call_response", "id": call.id, "response": result}))

    def ask(
        self, approval: str, call: Call, summary: str, risk: str, policy: str, expires_after: float | None = None
    ) -> None:
        """Asks a human whether `call` may go ahead."""
        self.log("oversight.approval.requested", self._request(approval, call, summary, risk, policy, expires_after))

    def ask_on_the_span(self, approval: str, call: Call, summary: str, risk: str, policy: str) -> None:
        """The same question as a span event, as agents without a logger send it."""
        request = self._request(approval, call, summary, risk, policy, None)
        self.span.add_event("oversight.approval.requested", request, self.stage.now_ns)

    def decided(self, approval: str, call: Call, decision: str, by: str, **more: object) -> None:
        """The answer; `by` is human, policy, hook or model, `more` are attributes of the decision, dots as `__`."""
        self.log("oversight.approval.decided", _decision(approval, call, decision, by, more))

    def decided_on_the_span(self, approval: str, call: Call, decision: str, by: str, **more: object) -> None:
        """The same answer as a span event."""
        self.span.add_event(
            "oversight.approval.decided", _decision(approval, call, decision, by, more), self.stage.now_ns
        )

    def _question(self, model: Model, remembers: int | None, attempt: int | None) -> dict[str, Any]:
        tools = [
            {"type": "function", "name": name, "description": description} for name, description in self._tools.items()
        ]
        question: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": model.provider,
            "gen_ai.request.model": model.requested,
            "gen_ai.request.max_tokens": 4096,
            "server.address": model.address,
            "gen_ai.system_instructions": self._system,
            "gen_ai.input.messages": _json(self._messages[-remembers:] if remembers else self._messages),
        }
        question |= self._on_behalf | self._prompt
        if tools:
            question["gen_ai.tool.definitions"] = _json(tools)
        if attempt is not None:
            question["http.request.resend_count"] = attempt - 1
        return question

    def _request(
        self, approval: str, call: Call, summary: str, risk: str, policy: str, expires_after: float | None
    ) -> dict[str, Any]:
        request = {
            "oversight.approval.id": approval,
            "oversight.approval.arguments": _json(call.arguments),
            "oversight.approval.summary": summary,
            "oversight.approval.risk": risk,
            "oversight.gate.policy.id": policy,
            "gen_ai.tool.name": call.tool,
            "gen_ai.tool.call.id": call.id,
            "gen_ai.agent.name": self.name,
            "gen_ai.conversation.id": self.conversation,
        }
        if expires_after is not None:
            moment = datetime.fromtimestamp(self.stage.now_ns / 1e9 + expires_after, UTC)
            request["oversight.approval.expires_at"] = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        return request


def _decision(approval: str, call: Call, decision: str, by: str, more: Mapping[str, object]) -> dict[str, Any]:
    return {
        "oversight.approval.id": approval,
        "oversight.approval.decision": decision,
        "oversight.approval.decider.type": by,
        "gen_ai.tool.call.id": call.id,
    } | {f"oversight.approval.{key.replace('__', '.')}": value for key, value in more.items()}


def _message(role: str, *parts: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": role, "parts": list(parts)}
    return message if finish is None else message | {"finish_reason": finish}


def _text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def _with_user(attributes: dict[str, str], user: str | None) -> dict[str, str]:
    return attributes if user is None else attributes | {"user.id": user}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
