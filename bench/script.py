"""What happens in a run of an agent: an `invoke_agent` span over model calls and tool calls, with plain HTTP and
database spans beneath.

Some model calls fail and are tried again on another model, some tools fail, some ask a human first, some results are
corrected.
"""

from bench.agents import MODEL_ERRORS, REGIONS, SERVICES, TOOL_ERRORS, Service
from bench.chance import Chance
from bench.messages import Wish, answered, as_json, asked, said, text
from bench.plumbing import database_call, http_call
from bench.spans import Event, Span, Value
from bench.words import Book

_RUNS_PER_CONVERSATION = 3
_USERS = 5_000
_INTERNAL, _CLIENT = 1, 3
_DECISIONS = (*["approved"] * 8, "approved_modified", "rejected")
_MS = 1_000_000


class Script:
    """Plays one run: a clock, what was said so far, and the spans that have ended."""

    def __init__(
        self,
        chance: Chance,
        book: Book,
        service: Service,
        number: int,
        trace_id: bytes,
        started_ns: int,
        span_count: int,
    ) -> None:
        self._chance = chance
        self._book = book
        self._service = service
        self._number = number
        self._trace_id = trace_id
        self._started_ns = self._now_ns = started_ns
        self._root_id = chance.octets(8)
        self._left = span_count - 1
        self._ended: list[Span] = []
        self._model = 0
        about = f"{service.name}/{number // (_RUNS_PER_CONVERSATION * len(SERVICES))}"
        self._everywhere: dict[str, Value] = {
            "gen_ai.conversation.id": f"conv-{about}",
            "gen_ai.agent.name": service.agent,
            "app.tenant": f"tenant-{int(chance.between(1, 200)):03d}",
            "app.region": chance.pick(REGIONS),
        }
        self._ask = asked(f"Regarding BC-{number:07d}: " + self._text(200, 1_200))
        self._heard = [self._ask]

    def spans(self) -> list[Span]:
        """All of them, the root last."""
        while self._left > 1:
            wanted = self._call_model(is_last=False)
            for wish in wanted:
                if self._left > 1:
                    self._call_tool(wish)
        if self._left:
            self._call_model(is_last=True)
        self._end_root(has_failed=self._chance.happens(0.04))
        return self._ended

    def _call_model(self, *, is_last: bool) -> list[Wish]:
        """One model call, or its failure, after which another model is tried. Returns the tool calls it asks for."""
        provider, model = self._service.models[self._model]
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": model,
            "gen_ai.request.max_tokens": 4096,
            "gen_ai.request.temperature": 0.2,
            "server.address": f"api.{provider}.example",
            "gen_ai.system_instructions": as_json([text(self._instructions())]),
            "gen_ai.input.messages": self._input(),
        }
        span = self._begin(f"chat {model}", _CLIENT, "opentelemetry.util.genai.handler", self._root_id, attributes)
        if self._chance.happens(0.2) and self._left > 1:
            self._plumbing("http", span.span_id)
        self._pass_ms(400, 9_000)
        if self._chance.happens(0.03) and not is_last:
            self._model = 1 - self._model
            self._end(span, self._chance.pick(MODEL_ERRORS))
            return []
        wanted = [] if is_last else self._wishes()
        message = said(self._text(200, 3_000 if is_last else 1_500), wanted)
        self._heard.append(message)
        attributes |= self._usage(model, is_last=is_last)
        attributes["gen_ai.output.messages"] = as_json(
            [message | {"finish_reason": "stop" if is_last else "tool_call"}]
        )
        self._end(span)
        return wanted

    def _usage(self, model: str, *, is_last: bool) -> dict[str, Value]:
        chance = self._chance
        input_tokens = chance.whole(900, 14_000)
        return {
            "gen_ai.response.model": model,
            "gen_ai.response.id": f"resp_{chance.hex(12)}{chance.hex(12)}",
            "gen_ai.response.finish_reasons": ["stop" if is_last else "tool_call"],
            "gen_ai.usage.input_tokens": input_tokens,
            "gen_ai.usage.output_tokens": chance.whole(20, 900),
            "gen_ai.usage.cache_read.input_tokens": int(input_tokens * chance.share() * 0.8),
        }

    def _call_tool(self, wish: Wish) -> None:
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": wish.tool,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": wish.call_id,
            "gen_ai.tool.call.arguments": as_json(wish.arguments),
        }
        span = self._begin(f"execute_tool {wish.tool}", _INTERNAL, "app.tools", self._root_id, attributes)
        if self._chance.happens(0.02) and self._ask_human(span, wish) == "rejected":
            self._heard.append(answered(wish, "rejected"))
            self._end(span)
            return
        for _ in range(self._chance.whole(1, 2) if wish.below else 0):
            if self._left > 1:
                self._plumbing(wish.below, span.span_id)
        self._pass_ms(5, 1_500)
        if self._chance.happens(0.05):
            self._heard.append(answered(wish, "failed"))
            self._end(span, self._chance.pick(TOOL_ERRORS))
            return
        result = {"order": f"BC-{self._number:07d}", "rows": self._text(300, 4_000), "took_ms": self._number % 900}
        attributes["gen_ai.tool.call.result"] = as_json(result)
        self._heard.append(answered(wish, result))
        self._end(span)

    def _ask_human(self, span: Span, wish: Wish) -> str:
        """An approval: its two events on the span of the tool that waits. Returns the decision."""
        asking: dict[str, Value] = {
            "oversight.approval.id": wish.call_id,
            "gen_ai.tool.name": wish.tool,
            "oversight.gate.policy.id": "amount>200",
            "oversight.approval.arguments": as_json(wish.arguments),
        }
        span.events.append(Event("oversight.approval.requested", self._now_ns, asking))
        self._pass_ms(4_000, 600_000)
        decision = self._chance.pick(_DECISIONS)
        decided: dict[str, Value] = {
            "oversight.approval.id": wish.call_id,
            "oversight.approval.decision": decision,
            "oversight.approval.decider.type": "human",
            "oversight.approval.decider.id": f"person-{self._chance.whole(1, 40)}",
        }
        if decision == "approved_modified":
            changed = as_json(wish.arguments | {"page": 2})
            decided["oversight.approval.modified_arguments"] = changed
            span.attributes["gen_ai.tool.call.arguments"] = changed
        span.events.append(Event("oversight.approval.decided", self._now_ns, decided))
        return decision

    def _plumbing(self, kind: str, parent: bytes) -> None:
        chance, service = self._chance, self._service.name
        call = database_call(chance, self._book, service) if kind == "db" else http_call(chance, service)
        span = self._begin(call.name, _CLIENT, call.scope, parent, call.attributes)
        self._pass_ms(2, 700)
        self._end(span)

    def _end_root(self, *, has_failed: bool) -> None:
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.workflow.name": self._service.workflow,
            "user.id": f"user-{int(self._chance.between(1, _USERS)):05d}",
            "gen_ai.input.messages": as_json([self._ask]),
            "gen_ai.output.messages": as_json([self._heard[-1]]),
        } | self._everywhere
        root = Span(
            self._trace_id, self._root_id, b"", f"invoke_agent {self._service.agent}", _INTERNAL,
            "opentelemetry.util.genai.handler", self._started_ns, 0, attributes,
        )  # fmt: skip
        if self._chance.happens(0.03):
            self._correct(root)
        self._pass_ms(1, 20)
        root.ended_ns = self._now_ns
        if has_failed:
            _fail(root, self._chance.pick(MODEL_ERRORS))
        self._ended.append(root)

    def _correct(self, root: Span) -> None:
        correction: dict[str, Value] = {
            "oversight.correction.kind": self._chance.pick(("edited_output", "rejected_output", "override")),
            "oversight.correction.target": "output",
            "oversight.correction.after": self._text(80, 600),
            "oversight.correction.by": f"person-{self._chance.whole(1, 40)}",
        }
        root.events.append(Event("oversight.correction", self._now_ns, correction))

    def _begin(self, name: str, kind: int, scope: str, parent: bytes, attributes: dict[str, Value]) -> Span:
        self._left -= 1
        attributes |= self._everywhere
        return Span(self._trace_id, self._chance.octets(8), parent, name, kind, scope, self._now_ns, 0, attributes)

    def _end(self, span: Span, error: tuple[str, str] | None = None) -> None:
        span.ended_ns = self._now_ns
        if error:
            _fail(span, error)
        self._ended.append(span)

    def _pass_ms(self, low: float, high: float) -> None:
        self._now_ns += int(self._chance.between(low, high) * _MS)

    def _wishes(self) -> list[Wish]:
        count = 2 if self._chance.happens(0.3) else 1
        return [self._wish(*self._chance.pick(self._service.tools)) for _ in range(count)]

    def _wish(self, tool: str, below: str) -> Wish:
        arguments = {"order_number": f"BC-{self._number:07d}", "reason": self._text(30, 500), "page": 1}
        return Wish(tool, below, f"call_{self._chance.hex(12)}", arguments)

    def _input(self) -> str:
        """What the model is told: the question and the newest of what followed, some kilobytes at most."""
        return as_json([self._ask, *self._heard[1:][-2:]])

    def _instructions(self) -> str:
        """The same for every call of an agent."""
        return self._book.passage(Chance(sum(self._service.name.encode())), 500, 700)

    def _text(self, low: int, high: int) -> str:
        return self._book.passage(self._chance, low, high)


def _fail(span: Span, error: tuple[str, str]) -> None:
    kind, span.error = error
    span.attributes["error.type"] = kind
    exception: dict[str, Value] = {"exception.type": kind, "exception.message": span.error}
    span.events.append(Event("exception", span.ended_ns, exception))
