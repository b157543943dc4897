-- Which tool calls did a model ask for in vain? One row per call that failed (error), was refused (denied), was cancelled,
-- or never ran, of the asked runs, the latest first; with $tool that tool's alone. Only what messages tell is known: where
-- telemetry leaves out their content, nothing was asked for. step_id is the call's, or that of the model that asked.
select
    proposals.run_id,
    proposals.step_id,
    runs.workflow_name,
    proposals.agent_name,
    proposals.tool_name,
    proposals.tool_call_id,
    proposals.tool_args,
    proposals.outcome,
    proposals.error_type,
    proposals.error_message,
    proposals.proposed_at
from proposals_with_outcome($now_ns, $project, $since_ns - 86400000000000) as proposals
inner join asked_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
) as runs on proposals.run_id = runs.run_id
where proposals.outcome in ('error', 'denied', 'cancelled', 'never_ran')
    and ($tool is null or proposals.tool_name = $tool)
order by proposals.proposed_at desc, proposals.run_id, proposals.tool_call_id, proposals.tool_name, proposals.tool_args
limit $limit
