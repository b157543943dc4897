-- How did runs go over time? One row per bucket of the window in which runs started, in its order.
-- error_rate = error / (ok + error + abandoned), null when none has ended.
select
    bucket_of(started_at, $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    count(*) as run_count,
    count(*) filter (where status = 'ok') as ok_count,
    count(*) filter (where status = 'error') as error_count,
    count(*) filter (where status = 'abandoned') as abandoned_count,
    count(*) filter (where status = 'waiting') as waiting_count,
    count(*) filter (where status = 'running') as running_count,
    ended_count(status) as ended_count,
    error_rate(status) as error_rate,
    quantile_cont(duration_ms, 0.5) filter (where status <> 'running') as p50_duration_ms,
    quantile_cont(duration_ms, 0.95) filter (where status <> 'running') as p95_duration_ms,
    sum(cost_usd) as cost_usd,
    sum(unpriced_count)::bigint as unpriced_count,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens
from asked_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
