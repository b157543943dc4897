-- How many rows has a table of the nouns in each minute of the window? One row per minute with any, in their order.
-- Steps, tool calls, approvals and corrections count in the minute in which their run began, by its steps.
select
    time_bucket(interval 1 minute, counted_at::timestamp) as minute,
    sum(row_count)::bigint as row_count
from (
    select
        started_at as counted_at,
        case when $noun = 'runs' then 1 else 1 + step_count + approval_count end as row_count
    from runs
    where project = $project and $noun not in ('spans', 'log_records', 'metric_points')
    union all
    select
        started_at,
        1
    from spans
    where project = $project and $noun = 'spans'
    union all
    select
        logged_at,
        1
    from log_records
    where project = $project and $noun = 'log_records'
    union all
    select
        measured_at,
        1
    from metric_points
    where project = $project and $noun = 'metric_points'
)
where counted_at >= make_timestamp_ns($since_ns) and counted_at < make_timestamp_ns($until_ns)
group by minute
order by minute
