-- How long until a model's first token? One row per served model, else requested, those with most calls that tell
-- first; ttft_count of the model's call_count counted calls tell it. …_before are of the runs of the window before.
select
    coalesce(steps.served_model, steps.requested_model) as model,
    count(distinct asked.place) filter (where asked.started_at >= make_timestamp_ns($since_ns)) as run_count,
    count(*) filter (where asked.started_at >= make_timestamp_ns($since_ns)) as call_count,
    count(steps.ttft_ms) filter (where asked.started_at >= make_timestamp_ns($since_ns)) as ttft_count,
    quantile_cont(steps.ttft_ms, 0.5) filter (where asked.started_at >= make_timestamp_ns($since_ns)) as p50_ttft_ms,
    quantile_cont(steps.ttft_ms, 0.95) filter (where asked.started_at >= make_timestamp_ns($since_ns)) as p95_ttft_ms,
    quantile_cont(steps.ttft_ms, 0.99) filter (where asked.started_at >= make_timestamp_ns($since_ns)) as p99_ttft_ms,
    count(steps.ttft_ms) filter (where asked.started_at < make_timestamp_ns($since_ns)) as ttft_count_before,
    quantile_cont(steps.ttft_ms, 0.95) filter (where asked.started_at < make_timestamp_ns($since_ns)) as p95_ttft_ms_before
from asked_runs(
    $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
) as asked
inner join steps on asked.run_id = steps.run_id
where steps.project = $project and steps.counted and steps.kind = 'llm'
    and steps.started_at >= make_timestamp_ns($before_ns - 86400000000000)
    and steps.started_at <= make_timestamp_ns($latest_ns)
group by model
having call_count > 0
order by ttft_count desc, call_count desc, model
limit $limit
