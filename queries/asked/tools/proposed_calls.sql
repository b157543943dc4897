-- Which tool calls did a model ask for in vain? One row per call that failed (error), was refused (denied), was cancelled,
-- or never ran, of the asked runs, the latest first; with $tool that tool's alone. Only what messages tell is known: where
-- telemetry leaves out their content, nothing was asked for. step_id is the call's, or that of the model that asked.
select
    asking.run_id,
    coalesce(proposals.call_step_id, asking.step_id) as step_id,
    runs.workflow_name,
    asking.agent_name,
    proposals.tool_name,
    proposals.tool_call_id,
    proposals.tool_args,
    proposals.outcome,
    proposals.error_type,
    proposals.error_message,
    coalesce(asking.ended_at, asking.started_at) as proposed_at
from asked_proposals(
    $latest_ns, $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
    $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
) as proposals
inner join steps as asking on proposals.asking_place = asking.rowid
inner join runs on proposals.run_place = runs.rowid
where proposals.outcome in ('error', 'denied', 'cancelled', 'never_ran')
    and ($tool is null or proposals.tool_name = $tool)
order by proposed_at desc, asking.run_id, proposals.tool_call_id, proposals.tool_name, proposals.tool_args
limit $limit
