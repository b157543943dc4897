-- How do runs go by workflow, agent, service, environment or release ($by)? One row per value, the most runs first; null is
-- what names none. An agent is that of the run itself. error_rate = error_count / ended_count, over ok, error and
-- abandoned runs; p95_duration_ms is over the runs that are not running (timed_run_count), waits for humans included.
select
    case $by
        when 'workflow' then workflow_name
        when 'agent' then agent_name
        when 'service' then service_name
        when 'environment' then environment
        else service_version
    end as value,
    count(*) as run_count,
    ended_count(status) as ended_count,
    count(*) filter (where status = 'error') as error_count,
    error_rate(status) as error_rate,
    count(duration_ms) filter (where status <> 'running') as timed_run_count,
    quantile_cont(duration_ms, 0.5) filter (where status <> 'running') as p50_duration_ms,
    quantile_cont(duration_ms, 0.95) filter (where status <> 'running') as p95_duration_ms,
    sum(cost_usd) as cost_usd,
    sum(unpriced_count)::bigint as unpriced_count
from asked_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by value
order by run_count desc, value
limit $limit
