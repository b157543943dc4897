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
    sum(llm_error_count) / nullif(sum(llm_ended_count), 0) as llm_error_rate,
    coalesce(any_value(called.refused_count), 0) as refused_count,
    coalesce(any_value(called.cancelled_count), 0) as cancelled_count,
    sum(pending_count)::bigint as pending_count
from outcomes
left join called on outcomes."window" = called."window"
group by outcomes."window"
order by outcomes."window"
