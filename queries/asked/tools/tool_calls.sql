-- Which tool calls were made? One row per counted call that started in the window, newest first, and one per call that
-- was refused before it could start (its step is the one that asked; it starts when it was asked for).
-- $statuses are the calls' own, $run_statuses those of their runs. Words must all occur, in any case, in a call's names,
-- ids, error or the stored beginnings of its arguments and result, or one of its whole records holds them all: those at
-- the places $block_ids, $positions. A refused call has no record of its own.
-- A page begins after the call that the cursor names ($after_…).
with places as (
    select
        unnest($block_ids::ubigint[]) as block_id,
        unnest($positions::usmallint[]) as block_position
),

-- Instrumentations that repeat a call tell parts of it each, and not all begin with it.
mentioned as (
    select
        steps.run_id,
        steps.step_id,
        steps.tool_call_id
    from steps
    semi join places on steps.block_id = places.block_id and steps.block_position = places.block_position
    where steps.project = $project and steps.kind = 'tool' and steps.started_at >= make_timestamp_ns($since_ns - 60000000000)
),

-- A step may have begun a week before it asks: that is as long as an answer is looked for.
unstarted as materialized (
    from unstarted_calls($project, $since_ns - 604800000000000, $since_ns, $until_ns)
),

-- Those that tool_calls_at has.
calls as not materialized (
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
    from (
        from started_calls($project, $since_ns, $until_ns)
        union all by name
        from unstarted
    )
    where ($workflow is null or workflow_name = $workflow)
        and ($agent is null or agent_name = $agent)
        and ($service is null or service_name = $service)
        and ($environment is null or environment = $environment)
        and ($release is null or service_version = $release)
        and ($tool is null or tool_name = $tool)
        and ($user is null or user_id = $user)
        and ($conversation is null or conversation_id = $conversation)
        and ($statuses is null or list_contains($statuses, status))
        and (
            $attributes is null
            or run_id in (
                select runs.run_id
                from runs
                where runs.project = $project and has_labels(runs.labels, $attributes)
            )
        )
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
        and (
            $run_statuses is null
            or run_id in (
                select runs_then.run_id
                from runs_at($now_ns) as runs_then
                where runs_then.project = $project and list_contains($run_statuses, runs_then.status)
            )
        )
        and (
            $words is null
            or len(list_filter($words, lambda word: not contains(
                lower(concat_ws(
                    ' ', tool_name, tool_args, tool_result, error_type, error_message, run_id, step_id, tool_call_id,
                    mcp_server
                )),
                lower(word)
            ))) = 0
            or (
                has_step
                and (
                    (run_id, step_id) in (select (mentioned.run_id, mentioned.step_id) from mentioned)
                    or (run_id, tool_call_id) in (select (mentioned.run_id, mentioned.tool_call_id) from mentioned)
                )
            )
        )
        and ($after_name is null or (sort_time, sort_name) < ($after_time, $after_name))
),

-- When the calls of the page started: all else is read of calls of these times alone.
newest as (
    select started_at
    from calls
    order by started_at desc
    limit $limit
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
    sort_time,
    sort_value,
    sort_name
from calls
where started_at in (select newest.started_at from newest)
order by started_at desc, sort_name desc
limit $limit
