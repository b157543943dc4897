"""Every scenario by name, with the time of day at which it opens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sample_traces.scenarios import dialects, finance, operations, research, support
from sample_traces.stage import Stage

DAY = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Scenario:
    """One small story; `play` acts it on a stage that opens at `opens` on `DAY`."""

    name: str
    opens: str
    play: Callable[[Stage], None]

    def opens_at_ns(self) -> int:
        hour, minute = (int(part) for part in self.opens.split(":"))
        return int(DAY.timestamp() + hour * 3600 + minute * 60) * 1_000_000_000


SCENARIOS = (
    Scenario("happy-path", "09:12", support.happy_path),
    Scenario("tool-failure-recovered", "09:40", operations.tool_failure_recovered),
    Scenario("tool-failure-fatal", "10:03", finance.tool_failure_fatal),
    Scenario("model-fallback", "10:21", research.model_fallback),
    Scenario("rate-limit-retry", "10:37", support.rate_limit_retry),
    Scenario("approval-granted", "11:05", support.approval_granted),
    Scenario("approval-modified", "11:30", finance.approval_modified),
    Scenario("approval-refused", "12:02", finance.approval_refused),
    Scenario("approval-expired", "12:15", support.approval_expired),
    Scenario("approval-pending", "14:51", finance.approval_pending),
    Scenario("human-correction", "12:40", support.human_correction),
    Scenario("multi-agent-handoff", "13:08", research.multi_agent_handoff),
    Scenario("cost-spike", "13:25", research.cost_spike),
    Scenario("prompt-injection-blocked", "13:52", support.prompt_injection_blocked),
    Scenario("private-model", "14:06", research.private_model),
    Scenario("openinference-rag", "14:18", dialects.openinference_rag),
    Scenario("coding-agent-session", "14:29", dialects.coding_agent_session),
    Scenario("abandoned", "08:20", research.abandoned),
    Scenario("running", "14:58", operations.running),
)
