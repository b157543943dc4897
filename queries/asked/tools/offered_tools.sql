-- Which tools are models offered, and do they ever run? One row per tool that was offered in the asked runs, those that never
-- ran first, then the most offered; with $tool that tool alone. Only what telemetry tells of definitions is known.
-- never_ran: in none of the asked runs did a call of it start, whether it was offered there or not; a call may have been
-- asked for, and refused or still waiting.
with asked as materialized (
    select
        run_id,
        started_at,
        offered_tools,
        tool_names
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

offered as (
    select
        tool_name,
        count(*) as offered_run_count,
        min(started_at) as first_offered_at,
        max(started_at) as last_offered_at,
        arg_max(run_id, (started_at, run_id)) as last_run_id
    from (
        select
            run_id,
            started_at,
            unnest(offered_tools) as tool_name
        from asked
    )
    group by tool_name
),

-- Some telemetry has a step for a call that was refused before it could start, which is no run of its tool either.
refused as (
    select
        run_id,
        coalesce(tool_name, name) as tool_name
    from steps
    semi join (
        select run_id
        from steps
        where project = $project and kind = 'tool' and counted and status = 'denied'
            and started_at >= make_timestamp_ns($since_ns - 86400000000000)
            and started_at <= make_timestamp_ns($latest_ns)
    ) as refusing using (run_id)
    where project = $project and kind = 'tool' and counted
        and started_at >= make_timestamp_ns($since_ns - 86400000000000)
        and started_at <= make_timestamp_ns($latest_ns)
    group by run_id, coalesce(tool_name, name)
    having bool_and(status = 'denied')
),

called as (
    select
        tool_name,
        count(*) as ran_run_count
    from (
        select
            run_id,
            unnest(tool_names) as tool_name
        from asked
    )
    anti join refused using (run_id, tool_name)
    group by tool_name
)

select
    offered.tool_name,
    offered.offered_run_count,
    coalesce(called.ran_run_count, 0) as ran_run_count,
    called.tool_name is null as never_ran,
    offered.first_offered_at,
    offered.last_offered_at,
    offered.last_run_id
from offered
left join called on offered.tool_name = called.tool_name
where $tool is null or offered.tool_name = $tool
order by never_ran desc, offered_run_count desc, offered.tool_name
limit $limit
