-- How often do runs, steps, tools and model calls fail over time? One row per bucket in which runs started, in its order.
-- error_rate = error_count / ended_count, of runs: ok, error or abandoned. The rates of steps, tools and model calls are
-- over the counted ones that ended, ok or error; a step counts where its run started.
select
    bucket_of(started_at, $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    unnest(failure_counts(
        status, step_ended_count, step_error_count, tool_ended_count, tool_error_count, llm_ended_count, llm_error_count
    ))
from run_outcomes(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
