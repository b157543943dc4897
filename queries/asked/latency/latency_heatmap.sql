-- How many runs took how long, over time? One row per bucket in which runs started and range of durations that any fell
-- into, in this order: [duration_from_ms, duration_to_ms), cut at 1, 2 and 5 of each power of ten, below 1 ms from 0.
-- Counts the runs that are not running and have a duration.
with magnitudes as (
    select
        bucket_of(started_at, $bucket, $tz) as bucket_at,
        duration_ms,
        floor(log10(greatest(duration_ms, 1)) + 1e-12)::integer as power
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where status <> 'running' and duration_ms is not null
),

ranges as (
    select
        bucket_at,
        duration_ms,
        10.0::double ** power as unit,
        case when duration_ms < 1 then 0 when duration_ms >= 5 * unit then 5 when duration_ms >= 2 * unit then 2 else 1 end as lead
    from magnitudes
),

counted as (
    select
        bucket_at,
        lead,
        unit,
        count(*) as run_count
    from ranges
    group by bucket_at, lead, unit
)

select
    bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    lead * unit as duration_from_ms,
    case lead when 0 then 1 when 1 then 2 when 2 then 5 else 10 end * unit as duration_to_ms,
    run_count
from counted
order by bucket_at, duration_from_ms
