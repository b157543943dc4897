-- How did the durations of steps change over time, by step, model or tool ($by)? One row per bucket in which runs
-- started and value, in the order of time and place. The six values that took longest in the window, all steps
-- together, have a place; the others are in latency_by alone. Steps and durations as there.
with durations as (
    select
        bucket_of(run_started_at, $bucket, $tz) as bucket_at,
        value,
        kind,
        agent_name,
        working_ms
    from asked_durations(
        $by, $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

places as (
    select
        value,
        kind,
        row_number() over (order by sum(working_ms) desc, value, kind) as place
    from durations
    group by value, kind
    qualify place <= 6
),

buckets as (
    select
        durations.bucket_at,
        places.place,
        durations.value,
        durations.kind,
        case when $by = 'step' then any_value(durations.agent_name) end as agent_name,
        count(*) as step_count,
        quantile_cont(durations.working_ms, [0.5, 0.95, 0.99]) as quantiles
    from durations
    inner join places on durations.value is not distinct from places.value and durations.kind = places.kind
    group by durations.bucket_at, places.place, durations.value, durations.kind
)

select
    bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    place,
    value,
    kind,
    agent_name,
    step_count,
    quantiles[1] as p50_ms,
    quantiles[2] as p95_ms,
    quantiles[3] as p99_ms
from buckets
order by bucket_at, place
