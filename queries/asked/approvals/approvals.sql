-- What was asked in the runs of the window, and what was answered? One row per question, the newest first; of these
-- outcomes, and of this tool, workflow, agent or decider, where asked for ('' is the unknown one).
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
    requested_at,
    decided_at,
    outcome,
    decider_type,
    decider,
    reason,
    args_before,
    args_after,
    wait_ms,
    evidence,
    epoch_ns(coalesce(requested_at, decided_at, run_started_at)) as sort_time,
    0::double as sort_value,
    run_id || ' ' || approval_id as sort_name
from asked_approvals(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
where ($outcomes is null or list_contains($outcomes, outcome))
    and (
        $value is null
        or $value = coalesce(
            case $by when 'tool' then tool_name when 'workflow' then workflow_name when 'agent' then agent_name else decider end, ''
        )
    )
    and ($after_name is null or (sort_time, sort_name) < ($after_time, $after_name))
order by sort_time desc, sort_name desc
limit $limit
