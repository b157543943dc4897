-- Which tools do agents call, how often in vain, and how fast? One row per tool that the asked runs called, in this window
-- or the one before (…_before, null for all time), the most called first; with $tool that tool alone.
-- call_count: calls with a step, as a run's tool_call_count has them. Calls refused or cancelled before they could start
-- have none: unstarted_count. refused_count and cancelled_count are over both.
-- error_rate = error_count / ended_count, ended: ok or error. Durations are theirs, less the human wait inside.
-- retry_count: the same tool was called with the same arguments in the run before, and the last time in vain; arguments
-- that the telemetry leaves out equal none. first_seen_at and last_seen_at are within the asked runs.
with calls as (
    select
        run_place,
        run_started_at >= make_timestamp_ns($since_ns) as is_asked,
        has_step,
        call_place,
        tool_name,
        case when not has_step then step_id end as asking_step_id,
        tool_args as asked_args,
        mcp_server,
        status,
        started_at,
        case when status = 'error' then reads_timeout(error_type, error_message) else false end as is_timeout,
        case when status in ('ok', 'error') then greatest(duration_ms - coalesce(wait_ms, 0), 0) end as working_ms
    from asked_tool_calls(
        $latest_ns, $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where $tool is null or tool_name = $tool
),

-- Arguments are read and compared of the calls alone that came after the tool first failed in the run.
tried as materialized (
    select calls.*
    from calls
    inner join (
        select
            run_place,
            tool_name,
            min(started_at) as failed_at
        from calls
        where status = 'error'
        group by run_place, tool_name
    ) as failed
        on calls.run_place = failed.run_place and calls.tool_name = failed.tool_name
            and calls.started_at >= failed.failed_at
),

compared as (
    select
        tried.run_place,
        tried.is_asked,
        tried.tool_name,
        tried.status,
        tried.started_at,
        steps.step_id,
        steps.tool_args
    from steps
    inner join tried on steps.rowid = tried.call_place
    union all by name
    select
        run_place,
        is_asked,
        tool_name,
        status,
        started_at,
        asking_step_id as step_id,
        asked_args as tool_args
    from tried
    where not has_step
),

retries as (
    select
        tool_name,
        count(*) filter (where is_asked and is_retry) as retry_count,
        count(*) filter (where not is_asked and is_retry) as retry_count_before
    from (
        select
            tool_name,
            is_asked,
            tool_args is not null and lag(status, 1, 'none') over (
                partition by run_place, tool_name, tool_args order by started_at, step_id
            ) = 'error' as is_retry
        from compared
    )
    group by tool_name
),

peaks as (
    select
        tool_name,
        max(call_count) as peak_calls_per_minute
    from (
        select
            tool_name,
            count(*) as call_count
        from calls
        where is_asked and has_step
        group by tool_name, epoch_ns(started_at) // 60000000000
    )
    group by tool_name
),

sums as (
    select
        tool_name,
        list_sort(coalesce(list(distinct mcp_server) filter (where mcp_server is not null), [])) as mcp_servers,
        count(distinct run_place) filter (where is_asked) as run_count,
        count(*) filter (where is_asked and has_step) as call_count,
        count(*) filter (where is_asked and not has_step) as unstarted_count,
        count(*) filter (where is_asked and status in ('ok', 'error')) as ended_count,
        count(*) filter (where is_asked and status = 'error') as error_count,
        count(*) filter (where is_asked and is_timeout) as timeout_count,
        count(*) filter (where is_asked and status = 'denied') as refused_count,
        count(*) filter (where is_asked and status = 'cancelled') as cancelled_count,
        quantile_cont(working_ms, [0.5, 0.95, 0.99]) filter (where is_asked) as durations_ms,
        min(started_at) filter (where is_asked) as first_seen_at,
        max(started_at) filter (where is_asked) as last_seen_at,
        count(*) filter (where not is_asked and has_step) as call_count_before,
        count(*) filter (where not is_asked and status in ('ok', 'error')) as ended_count_before,
        count(*) filter (where not is_asked and status = 'error') as error_count_before,
        count(*) filter (where not is_asked and is_timeout) as timeout_count_before,
        count(*) filter (where not is_asked and status = 'denied') as refused_count_before,
        quantile_cont(working_ms, 0.95) filter (where not is_asked) as p95_duration_ms_before
    from calls
    group by tool_name
)

select
    sums.tool_name,
    sums.mcp_servers,
    sums.run_count,
    sums.call_count,
    sums.unstarted_count,
    sums.ended_count,
    sums.error_count,
    sums.error_count / nullif(sums.ended_count, 0) as error_rate,
    sums.timeout_count,
    sums.refused_count,
    sums.cancelled_count,
    coalesce(retries.retry_count, 0) as retry_count,
    sums.durations_ms[1] as p50_duration_ms,
    sums.durations_ms[2] as p95_duration_ms,
    sums.durations_ms[3] as p99_duration_ms,
    peaks.peak_calls_per_minute,
    sums.first_seen_at,
    sums.last_seen_at,
    if($before_ns < $since_ns, sums.call_count_before, null) as call_count_before,
    if($before_ns < $since_ns, sums.ended_count_before, null) as ended_count_before,
    if($before_ns < $since_ns, sums.error_count_before, null) as error_count_before,
    if($before_ns < $since_ns, sums.timeout_count_before, null) as timeout_count_before,
    if($before_ns < $since_ns, sums.refused_count_before, null) as refused_count_before,
    if($before_ns < $since_ns, coalesce(retries.retry_count_before, 0), null) as retry_count_before,
    sums.p95_duration_ms_before
from sums
left join peaks on sums.tool_name = peaks.tool_name
left join retries on sums.tool_name = retries.tool_name
order by sums.call_count desc, sums.tool_name
limit $limit
