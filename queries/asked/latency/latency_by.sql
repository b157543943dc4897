-- How long do steps take, by step, model or tool ($by)? One row per value and kind, those that took longest in all
-- first. Steps count that ended with ok or error and have a duration; the human wait inside is taken off. …_before are
-- of the runs of the window before. total_ms adds up the steps, those side by side too.
with durations as (
    select
        run_place,
        kind,
        agent_name,
        value,
        status,
        working_ms,
        run_started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_durations(
        $by, $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

sums as (
    select
        value,
        kind,
        case when $by = 'step' then any_value(agent_name) end as agent_name,
        count(distinct run_place) filter (where is_asked) as run_count,
        count(*) filter (where is_asked) as step_count,
        count(*) filter (where is_asked and status = 'error') as error_count,
        sum(working_ms) filter (where is_asked) as total_ms,
        quantile_cont(working_ms, [0.5, 0.95, 0.99]) filter (where is_asked) as quantiles,
        max(working_ms) filter (where is_asked) as max_ms,
        case when $before_ns < $since_ns then count(*) filter (where not is_asked) end as step_count_before,
        quantile_cont(working_ms, 0.95) filter (where not is_asked) as p95_ms_before
    from durations
    group by value, kind
)

select
    value,
    kind,
    agent_name,
    run_count,
    step_count,
    error_count,
    total_ms,
    quantiles[1] as p50_ms,
    quantiles[2] as p95_ms,
    quantiles[3] as p99_ms,
    max_ms,
    step_count_before,
    p95_ms_before
from sums
where step_count > 0
order by total_ms desc, value, kind
limit $limit
