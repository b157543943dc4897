-- How did all that matters go over time? One row per bucket in which runs started, in its order; sums are null when nothing
-- is known. approval_count: questions that these runs put to humans and policies. Rates as in overview_totals.
select
    bucket_of(started_at, $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    count(*) as run_count,
    ended_count(status) as ended_count,
    count(*) filter (where status = 'error') as error_count,
    error_rate(status) as error_rate,
    count(duration_ms) filter (where status <> 'running') as timed_run_count,
    quantile_cont(duration_ms, 0.95) filter (where status <> 'running') as p95_duration_ms,
    sum(cost_usd) as cost_usd,
    sum(approval_count)::bigint as approval_count,
    count(*) filter (where is_reviewed) as reviewed_count,
    count(*) filter (where is_corrected) as corrected_count,
    correction_rate(is_corrected, is_reviewed) as correction_rate
from judged_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
