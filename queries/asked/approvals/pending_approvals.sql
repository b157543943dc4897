-- Which questions wait for an answer now? One row per question, the oldest first, whenever its run began.
-- The window is not asked for; all other filters are. gate_policy: the rule that asks for a human, where it is known.
select
    run_id,
    run_name,
    run_status,
    workflow_name,
    agent_name,
    approval_id,
    step_id,
    tool_name,
    tool_call_id,
    gate_policy,
    decider,
    args_before,
    requested_at,
    ($now_ns - epoch_ns(coalesce(requested_at, run_started_at))) / 1e6 as age_ms,
    evidence
from asked_approvals(
    $now_ns, $project, 0, 9191000000000000000, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
where outcome = 'pending'
order by coalesce(requested_at, run_started_at), run_id, approval_id
limit $limit
