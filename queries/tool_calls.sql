-- Which tool calls were made? One row per counted call that started in the window, newest first; refused ones too.
-- A page begins after the call that the cursor names ($after_…).
select
    steps.run_id,
    steps.step_id,
    steps.trace_id,
    steps.name,
    steps.workflow_name,
    steps.agent_name,
    steps.service_name,
    steps.service_version,
    steps.environment,
    steps.conversation_id,
    steps.user_id,
    steps.tool_name,
    steps.tool_type,
    steps.tool_call_id,
    steps.tool_args,
    steps.tool_result,
    steps.mcp_server,
    steps.status,
    steps.error_type,
    steps.error_message,
    steps.started_at,
    steps.duration_ms,
    steps.wait_ms,
    epoch_ns(steps.started_at) as started_ns,
    0::double as sort_value
from steps
where steps.project = $project and steps.kind = 'tool' and steps.counted
    and steps.started_at >= make_timestamp_ns($since_ns) and steps.started_at < make_timestamp_ns($until_ns)
    and ($workflow is null or steps.workflow_name = $workflow)
    and ($agent is null or steps.agent_name = $agent)
    and ($service is null or steps.service_name = $service)
    and ($environment is null or steps.environment = $environment)
    and ($release is null or steps.service_version = $release)
    and ($tool is null or steps.tool_name = $tool)
    and ($user is null or steps.user_id = $user)
    and ($conversation is null or steps.conversation_id = $conversation)
    and ($statuses is null or list_contains($statuses, steps.status))
    and ($attributes is null or list_has_all(steps.labels, $attributes))
    and ($run_id is null or steps.run_id = $run_id)
    and (
        $model is null
        or steps.run_id in (
            select runs.run_id
            from runs
            where runs.project = $project
                and (list_contains(runs.models, $model) or list_contains(runs.requested_models, $model))
        )
    )
    and (
        $after_id is null
        or (epoch_ns(steps.started_at), steps.run_id || ' ' || steps.step_id) < ($after_ns, $after_id)
    )
order by steps.started_at desc, steps.run_id || ' ' || steps.step_id desc
limit $limit
