-- How long until a model's first token? One row per served model, else requested, those with most calls that tell
-- first; ttft_count of the model's call_count counted calls tell it. …_before are of the runs of the window before.
with calls as (
    select
        coalesce(steps.served_model, steps.requested_model) as model,
        asked.place as run_place,
        steps.ttft_ms,
        asked.started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_runs(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    ) as asked
    inner join steps on asked.run_id = steps.run_id
    where steps.project = $project and steps.counted and steps.kind = 'llm'
        and steps.started_at >= make_timestamp_ns($before_ns - 86400000000000)
        and steps.started_at <= make_timestamp_ns($latest_ns)
),

sums as (
    select
        model,
        count(distinct run_place) filter (where is_asked) as run_count,
        count(*) filter (where is_asked) as call_count,
        count(ttft_ms) filter (where is_asked) as ttft_count,
        quantile_cont(ttft_ms, [0.5, 0.95, 0.99]) filter (where is_asked) as quantiles,
        count(ttft_ms) filter (where not is_asked) as ttft_count_before,
        quantile_cont(ttft_ms, 0.95) filter (where not is_asked) as p95_ttft_ms_before
    from calls
    group by model
)

select
    model,
    run_count,
    call_count,
    ttft_count,
    quantiles[1] as p50_ttft_ms,
    quantiles[2] as p95_ttft_ms,
    quantiles[3] as p99_ttft_ms,
    ttft_count_before,
    p95_ttft_ms_before
from sums
where call_count > 0
order by ttft_count desc, call_count desc, model
limit $limit
