-- Is everything all right? One row a window: asked, then before, if there was one; sums are null when nothing is known.
-- error_rate = error_count / ended_count, over ok, error and abandoned runs; correction_rate = corrected_count /
-- reviewed_count, over the runs with a decision, feedback or correction by a human; p95_duration_ms is over the runs that
-- are not running (timed_run_count).
select
    case when started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as "window",
    count(*) as run_count,
    ended_count(status) as ended_count,
    count(*) filter (where status = 'error') as error_count,
    error_rate(status) as error_rate,
    count(duration_ms) filter (where status <> 'running') as timed_run_count,
    quantile_cont(duration_ms, 0.95) filter (where status <> 'running') as p95_duration_ms,
    sum(cost_usd) as cost_usd,
    sum(unpriced_count)::bigint as unpriced_count,
    count(*) filter (where is_reviewed) as reviewed_count,
    count(*) filter (where is_corrected) as corrected_count,
    correction_rate(is_corrected, is_reviewed) as correction_rate
from judged_runs(
    $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by "window"
order by "window"
