-- Which questions did the runs that began in the window put to humans and policies? One row per question. Its outcome is
-- approved, approved_modified, rejected, auto_approved, auto_denied, expired, aborted, ask_failed, pending or unanswered.
select
    approvals.run_id,           -- the run that asked
    approvals.approval_id,
    approvals.step_id,
    approvals.conversation_id,
    approvals.workflow_name,
    approvals.agent_name,
    approvals.tool_name,
    approvals.tool_call_id,
    approvals.gate_policy,
    approvals.requested_at,
    approvals.decided_at,
    approvals.decision,         -- as told; null while pending
    approval_outcome(approvals.decision, approvals.decider_type, runs.status) as outcome, -- what came of it
    approvals.decider_type,     -- human, policy, hook or model
    approvals.decider,
    approvals.reason,
    approvals.args_before,      -- JSON text
    approvals.args_after,
    approvals.wait_ms,
    approvals.evidence          -- explicit, content or inferred: how sure we are
from approvals
inner join runs_at($now_ns) as runs on approvals.project = runs.project and approvals.run_id = runs.run_id
where approvals.project = $project
    and runs.started_at >= make_timestamp_ns($since_ns) and runs.started_at < make_timestamp_ns($until_ns)
