-- Who was affected, by user or conversation ($by)? One row per value that the runs of the window name, those with most
-- failed runs first; null stands for runs that name none. user_id is that of the newest run that names
-- one. Runs, failures and corrections are those of summary.sql; error_rate = error_count / ended_count, null when none
-- has ended. run_count_before and error_count_before are of the window before, null if there is none; value_count
-- is how many rows there are.
with named as (
    select
        case when $by = 'conversation' then conversation_id else user_id end as value,
        user_id,
        conversation_id,
        run_id,
        status,
        started_at,
        last_activity_at,
        cost_usd,
        unpriced_count,
        approval_count,
        correction_count,
        started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_runs(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

before as (
    select
        value,
        count(*) as run_count,
        count(*) filter (where status = 'error') as error_count
    from named
    where not is_asked
    group by value
)

select
    named.value,
    case when named.value is not null then arg_max(named.user_id, (named.started_at, named.run_id)) end as user_id,
    count(*) as run_count,
    ended_count(named.status) as ended_count,
    count(*) filter (where named.status = 'error') as error_count,
    error_rate(named.status) as error_rate,
    count(distinct named.conversation_id) as conversation_count,
    sum(named.cost_usd) as cost_usd,
    sum(named.unpriced_count)::bigint as unpriced_count,
    sum(named.approval_count)::bigint as approval_count,
    count(*) filter (where named.correction_count > 0) as corrected_run_count,
    min(named.started_at) as first_started_at,
    max(named.last_activity_at) as last_seen_at,
    case when $before_ns < $since_ns then coalesce(any_value(before.run_count), 0) end as run_count_before,
    case when $before_ns < $since_ns then coalesce(any_value(before.error_count), 0) end as error_count_before,
    count(*) over () as value_count
from named
left join before on named.value is not distinct from before.value
where named.is_asked
group by named.value
order by error_count desc, run_count desc, last_seen_at desc, named.value
limit $limit
