-- Which tool calls did a model ask for in vain? One row per call that failed (error), was refused (denied), was cancelled,
-- or never ran, of the asked runs, the latest first; with $tool that tool's alone. Only what messages tell is known: where
-- telemetry leaves out their content, nothing was asked for. step_id is the call's, or that of the model that asked.
select
    run_id,
    step_id,
    workflow_name,
    agent_name,
    tool_name,
    tool_call_id,
    tool_args,
    outcome,
    error_type,
    error_message,
    proposed_at
from asked_proposals(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool, $user,
    $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
where not is_well and outcome in ('error', 'denied', 'cancelled', 'never_ran') and ($tool is null or tool_name = $tool)
order by proposed_at desc, run_id, tool_call_id, tool_name, tool_args
limit $limit
