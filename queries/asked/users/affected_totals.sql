-- How many users and conversations were affected, and in the window before? One row a window: asked, then before, if
-- there was one. failed_user_count and failed_conversation_count have at least one failed run, corrected ones a run that
-- a human corrected; unnamed_run_count runs name no user. cost_per_user_usd is of the runs that name one.
select
    case when started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as period,
    count(*) as run_count,
    count(*) filter (where user_id is null) as unnamed_run_count,
    count(distinct user_id) as user_count,
    count(distinct user_id) filter (where status = 'error') as failed_user_count,
    count(distinct user_id) filter (where correction_count > 0) as corrected_user_count,
    count(distinct conversation_id) as conversation_count,
    count(distinct conversation_id) filter (where status = 'error') as failed_conversation_count,
    sum(cost_usd) filter (where user_id is not null) as user_cost_usd,
    sum(cost_usd) filter (where user_id is not null) / nullif(count(distinct user_id), 0) as cost_per_user_usd
from asked_runs(
    $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by period
order by period
