-- How often do runs, steps, tools and model calls fail over time? One row per bucket in which runs started, in its order.
-- error_rate = error_count / ended_count, of runs: ok, error or abandoned. The rates of steps, tools and model calls are
-- over the counted ones that ended, ok or error; a step counts where its run started.
select
    bucket_of(started_at, $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    count(*) as run_count,
    ended_count(status) as ended_count,
    count(*) filter (where status = 'error') as error_count,
    error_rate(status) as error_rate,
    count(*) filter (where status = 'abandoned') as abandoned_count,
    sum(step_ended_count)::bigint as step_ended_count,
    sum(step_error_count)::bigint as step_error_count,
    sum(step_error_count) / nullif(sum(step_ended_count), 0) as step_error_rate,
    sum(tool_ended_count)::bigint as tool_ended_count,
    sum(tool_error_count)::bigint as tool_error_count,
    sum(tool_error_count) / nullif(sum(tool_ended_count), 0) as tool_error_rate,
    sum(llm_ended_count)::bigint as llm_ended_count,
    sum(llm_error_count)::bigint as llm_error_count,
    sum(llm_error_count) / nullif(sum(llm_ended_count), 0) as llm_error_rate
from run_outcomes(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
