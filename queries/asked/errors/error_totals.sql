-- How often do runs, steps, tools and model calls fail? One row a window: asked, then before, if there was one.
-- error_rate = error_count / ended_count, of runs: ok, error or abandoned. The rates of steps, tools and model calls are
-- over the counted ones that ended, ok or error. No errors, and counted apart: calls
-- that a human, policy or guardrail refused, or that were given up or expired (cancelled), and what waits for a human.
with outcomes as (
    select
        *,
        case when started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as "window"
    from run_outcomes(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

called as (
    select
        case when run_started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as "window",
        count(*) filter (where status = 'denied') as refused_count,
        count(*) filter (where status = 'cancelled') as cancelled_count
    from asked_tool_calls(
        $latest_ns, $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where status in ('denied', 'cancelled')
    group by "window"
)

select
    outcomes."window",
    unnest(failure_counts(
        status, step_ended_count, step_error_count, tool_ended_count, tool_error_count, llm_ended_count, llm_error_count
    )),
    coalesce(any_value(called.refused_count), 0) as refused_count,
    coalesce(any_value(called.cancelled_count), 0) as cancelled_count,
    sum(pending_count)::bigint as pending_count
from outcomes
left join called on outcomes."window" = called."window"
group by outcomes."window"
order by outcomes."window"
