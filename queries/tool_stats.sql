-- Which tools do agents call, how often in vain, and how fast? One row per tool that the asked runs called, in this window
-- or the one before (…_before, null for all time), the most called first; with $tool that tool alone.
-- call_count: calls with a step, as a run's tool_call_count has them. Calls refused or cancelled before they could start
-- have none: unstarted_count. refused_count and cancelled_count are over both.
-- error_rate = error_count / ended_count, ended: ok or error. Durations are theirs, less the human wait inside.
-- retry_count: the same tool was called with the same arguments in the run before, and the last time in vain; arguments
-- that the telemetry leaves out equal none. first_seen_at and last_seen_at are within the asked runs.
with asked as (
    select
        run_id,
        true as is_asked
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    union all
    select
        run_id,
        false as is_asked
    from asked_runs(
        $now_ns, $project, $before_ns, $since_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

calls as (
    select
        asked.is_asked,
        made.run_id,
        made.has_step,
        coalesce(made.tool_name, made.name) as tool_name,
        made.mcp_server,
        made.status,
        made.started_at,
        made.status = 'error' and reads_timeout(made.error_type, made.error_message) as is_timeout,
        case
            when made.status in ('ok', 'error') then greatest(made.duration_ms - coalesce(made.wait_ms, 0), 0)
        end as working_ms,
        made.tool_args is not null and lag(made.status, 1, 'none') over (
            partition by made.run_id, coalesce(made.tool_name, made.name), made.tool_args
            order by made.started_at, made.step_id
        ) = 'error' as is_retry
    -- A day of slack for clocks that are behind those of their runs' roots.
    from tool_calls_at($project, $before_ns - 86400000000000, null) as made
    inner join asked on made.run_id = asked.run_id
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
        group by tool_name, date_trunc('minute', started_at::timestamp)
    )
    group by tool_name
)

select
    calls.tool_name,
    list_sort(coalesce(list(distinct calls.mcp_server) filter (where calls.mcp_server is not null), [])) as mcp_servers,
    count(distinct calls.run_id) filter (where calls.is_asked) as run_count,
    count(*) filter (where calls.is_asked and calls.has_step) as call_count,
    count(*) filter (where calls.is_asked and not calls.has_step) as unstarted_count,
    count(*) filter (where calls.is_asked and calls.status in ('ok', 'error')) as ended_count,
    count(*) filter (where calls.is_asked and calls.status = 'error') as error_count,
    count(*) filter (where calls.is_asked and calls.status = 'error')
    / nullif(count(*) filter (where calls.is_asked and calls.status in ('ok', 'error')), 0) as error_rate,
    count(*) filter (where calls.is_asked and calls.is_timeout) as timeout_count,
    count(*) filter (where calls.is_asked and calls.status = 'denied') as refused_count,
    count(*) filter (where calls.is_asked and calls.status = 'cancelled') as cancelled_count,
    count(*) filter (where calls.is_asked and calls.is_retry) as retry_count,
    quantile_cont(calls.working_ms, 0.5) filter (where calls.is_asked) as p50_duration_ms,
    quantile_cont(calls.working_ms, 0.95) filter (where calls.is_asked) as p95_duration_ms,
    quantile_cont(calls.working_ms, 0.99) filter (where calls.is_asked) as p99_duration_ms,
    any_value(peaks.peak_calls_per_minute) as peak_calls_per_minute,
    min(calls.started_at) filter (where calls.is_asked) as first_seen_at,
    max(calls.started_at) filter (where calls.is_asked) as last_seen_at,
    case
        when $before_ns < $since_ns then count(*) filter (where not calls.is_asked and calls.has_step)
    end as call_count_before,
    case
        when $before_ns < $since_ns
            then count(*) filter (where not calls.is_asked and calls.status in ('ok', 'error'))
    end as ended_count_before,
    case
        when $before_ns < $since_ns then count(*) filter (where not calls.is_asked and calls.status = 'error')
    end as error_count_before,
    case
        when $before_ns < $since_ns then count(*) filter (where not calls.is_asked and calls.is_timeout)
    end as timeout_count_before,
    case
        when $before_ns < $since_ns then count(*) filter (where not calls.is_asked and calls.status = 'denied')
    end as refused_count_before,
    case
        when $before_ns < $since_ns then count(*) filter (where not calls.is_asked and calls.is_retry)
    end as retry_count_before,
    quantile_cont(calls.working_ms, 0.95) filter (where not calls.is_asked) as p95_duration_ms_before
from calls
left join peaks on calls.tool_name = peaks.tool_name
where $tool is null or calls.tool_name = $tool
group by calls.tool_name
order by call_count desc, calls.tool_name
limit $limit
