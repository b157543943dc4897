-- Who was asked in this run, and what was decided? One row per question, in the order asked.
select
    approval_id,
    step_id,
    agent_name,
    tool_name,
    tool_call_id,
    gate_policy,
    requested_at,
    decided_at,
    decision,
    decider_type,
    decider,
    reason,
    args_before,
    args_after,
    wait_ms,
    evidence
from approvals
where project = $project and run_id = $run_id
order by coalesce(requested_at, decided_at), approval_id
