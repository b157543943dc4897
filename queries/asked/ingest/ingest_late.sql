-- Which records came late? One row per project, signal and service, the most late ones first, over records that arrived
-- in the window and are stored. A record's own time is a span's end, a log record's or metric point's time.
-- Late is what arrived more than 5 minutes after it: exporters gather for seconds and a Collector tries again for 5
-- minutes, so it lay in a buffer, was sent by hand, or comes from a clock that is slow. Ahead is what bears a time more
-- than a minute after its arrival: a clock that is fast. Rates are of the records that bear a time; p95 and max are over
-- the late ones. Metric points are late by the time that they were measured.
with arrived as (
    select
        project,
        'span' as signal,
        service_name,
        received_at,
        coalesce(ended_at, started_at) as happened_at
    from spans
    where signal = 'span'
        and ($project is null or project = $project)
        and ($projects is null or list_contains($projects, project))
        and received_at >= make_timestamp_ns($since_ns) and received_at < make_timestamp_ns($until_ns)
    union all
    select
        project,
        'log' as signal,
        service_name,
        received_at,
        logged_at as happened_at
    from log_records
    where ($project is null or project = $project)
        and ($projects is null or list_contains($projects, project))
        and received_at >= make_timestamp_ns($since_ns) and received_at < make_timestamp_ns($until_ns)
    union all
    select
        project,
        'metric' as signal,
        service_name,
        received_at,
        measured_at as happened_at
    from metric_points
    where ($project is null or project = $project)
        and ($projects is null or list_contains($projects, project))
        and received_at >= make_timestamp_ns($since_ns) and received_at < make_timestamp_ns($until_ns)
),

timed as (
    select
        project,
        signal,
        service_name,
        (epoch_ns(received_at) - epoch_ns(happened_at)) / 1e9 as late_s
    from arrived
)

select
    project,
    signal,
    service_name,
    count(*) as record_count,
    count(late_s) as timed_count,
    count(*) filter (where late_s > 300) as late_count,
    late_count / nullif(timed_count, 0) as late_rate,
    quantile_cont(late_s, 0.95) filter (where late_s > 300) as p95_late_s,
    max(late_s) filter (where late_s > 300) as max_late_s,
    count(*) filter (where late_s < -60) as ahead_count
from timed
group by project, signal, service_name
order by late_count desc, ahead_count desc, record_count desc, project, signal, service_name
limit $limit
