-- How long did the runs take, all in all, and the runs of the window before? One row a window: asked, then before, if
-- there was one. Quantiles are over the runs that are not running; a run's duration has its human waits in it.
select
    case when started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as "window",
    count(*) as run_count,
    count(duration_ms) filter (where status <> 'running') as timed_run_count,
    quantile_cont(duration_ms, 0.5) filter (where status <> 'running') as p50_duration_ms,
    quantile_cont(duration_ms, 0.95) filter (where status <> 'running') as p95_duration_ms,
    quantile_cont(duration_ms, 0.99) filter (where status <> 'running') as p99_duration_ms,
    max(duration_ms) filter (where status <> 'running') as max_duration_ms
from asked_runs(
    $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by "window"
order by "window"
