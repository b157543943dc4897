-- What did humans correct in the runs of the window, from what to what? One row per act, the newest first; of this kind
-- and step, where asked for.
select
    run_id,
    run_name,
    run_status,
    workflow_name,
    agent_name,
    correction_id,
    step_id,
    step_name,
    step_kind,
    tool_call_id,
    corrected_at,
    kind,
    strength,
    target,
    value_before,
    value_after,
    corrected_by,
    reason,
    evidence,
    epoch_ns(coalesce(corrected_at, run_started_at)) as sort_time,
    0::double as sort_value,
    run_id || ' ' || correction_id as sort_name
from asked_corrections(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
where ($kind is null or kind = $kind)
    and ($step is null or step_name = $step)
    and ($after_name is null or (sort_time, sort_name) < ($after_time, $after_name))
order by sort_time desc, sort_name desc
limit $limit
