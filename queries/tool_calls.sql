-- Which tool calls were made? One row per counted call that started in the window, newest first, and one per call that
-- was refused before it could start (its step is the one that asked; it starts when it was asked for).
-- A page begins after the call that the cursor names ($after_…).
with calls as (
    select
        run_id,
        step_id,
        trace_id,
        name,
        workflow_name,
        agent_name,
        service_name,
        service_version,
        environment,
        conversation_id,
        user_id,
        tool_name,
        tool_type,
        tool_call_id,
        tool_args,
        tool_result,
        mcp_server,
        status,
        error_type,
        error_message,
        started_at,
        duration_ms,
        wait_ms,
        labels
    from steps
    where project = $project and kind = 'tool' and counted
        and started_at >= make_timestamp_ns($since_ns) and started_at < make_timestamp_ns($until_ns)
    union all
    select
        approvals.run_id,
        approvals.step_id,
        steps.trace_id,
        approvals.tool_name as name,
        approvals.workflow_name,
        approvals.agent_name,
        steps.service_name,
        steps.service_version,
        steps.environment,
        approvals.conversation_id,
        steps.user_id,
        approvals.tool_name,
        null as tool_type,
        approvals.tool_call_id,
        approvals.args_before as tool_args,
        null as tool_result,
        null as mcp_server,
        case when approvals.decision in ('rejected', 'auto_denied') then 'denied' else 'cancelled' end as status,
        null as error_type,
        approvals.reason as error_message,
        coalesce(approvals.requested_at, approvals.decided_at) as started_at,
        null as duration_ms,
        approvals.wait_ms,
        steps.labels
    from approvals
    inner join steps
        on approvals.project = steps.project and approvals.run_id = steps.run_id and approvals.step_id = steps.step_id
    where approvals.project = $project and approvals.tool_name is not null
        and approvals.decision in ('rejected', 'auto_denied', 'aborted', 'expired')
        -- An interrupt without a call id is told by the tool that ran again to be refused.
        and (approvals.tool_call_id is not null or approvals.evidence = 'explicit')
        and coalesce(approvals.requested_at, approvals.decided_at) >= make_timestamp_ns($since_ns)
        and coalesce(approvals.requested_at, approvals.decided_at) < make_timestamp_ns($until_ns)
        and not exists (
            select 1
            from steps as executed
            where executed.project = approvals.project and executed.kind = 'tool' and executed.counted
                and executed.started_at >= make_timestamp_ns($since_ns)
                and (
                    executed.tool_call_id = approvals.tool_call_id
                    or (executed.run_id = approvals.run_id and executed.step_id = approvals.step_id)
                )
        )
)

select
    run_id,
    step_id,
    trace_id,
    name,
    workflow_name,
    agent_name,
    service_name,
    service_version,
    environment,
    conversation_id,
    user_id,
    tool_name,
    tool_type,
    tool_call_id,
    tool_args,
    tool_result,
    mcp_server,
    status,
    error_type,
    error_message,
    started_at,
    duration_ms,
    wait_ms,
    epoch_ns(started_at) as sort_time,
    0::double as sort_value,
    run_id || ' ' || step_id || ' ' || coalesce(tool_call_id, '') as sort_name
from calls
where ($workflow is null or workflow_name = $workflow)
    and ($agent is null or agent_name = $agent)
    and ($service is null or service_name = $service)
    and ($environment is null or environment = $environment)
    and ($release is null or service_version = $release)
    and ($tool is null or tool_name = $tool)
    and ($user is null or user_id = $user)
    and ($conversation is null or conversation_id = $conversation)
    and ($statuses is null or list_contains($statuses, status))
    and ($attributes is null or list_has_all(labels, $attributes))
    and ($run_id is null or run_id = $run_id)
    and ($evidence is null or run_id in (select evident.run_id from runs_with_evidence($project, $evidence) as evident))
    and (
        $model is null
        or run_id in (
            select runs.run_id
            from runs
            where runs.project = $project
                and (list_contains(runs.models, $model) or list_contains(runs.requested_models, $model))
        )
    )
    and ($after_name is null or (sort_time, sort_name) < ($after_time, $after_name))
order by started_at desc, sort_name desc
limit $limit
