-- Which models answer instead of the requested one, and since when? One row per requested and served model and provider
-- that differ (a dated snapshot does not) among the counted calls of the asked runs, the latest to start first.
-- started_at: the first such call that the project knows, up to the window's end; started_on its day, as cut in tz.
-- as_requested_at: the last time that the requested model answered itself. call_share = call_count / answered_count, the
-- window's calls of the request that were answered.
with known as (
    select
        kind,
        run_id,
        requested_model,
        served_model,
        provider,
        cost_usd,
        started_at
    from steps
    where project = $project and kind in ('llm', 'embedding') and counted
        and requested_model is not null and served_model is not null
        and started_at < make_timestamp_ns($until_ns)
),

changes as (
    select
        requested_model,
        served_model,
        provider,
        min(started_at) as started_at
    from known
    where not is_same_model(requested_model, served_model)
    group by requested_model, served_model, provider
),

kept as (
    select
        requested_model,
        provider,
        max(started_at) as as_requested_at
    from known
    where is_same_model(requested_model, served_model)
    group by requested_model, provider
),

asked as (
    select calls.*
    from known as calls
    where calls.run_id in (
        select runs.run_id
        from asked_runs(
            $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
            $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
        ) as runs
    )
),

answered as (
    select
        requested_model,
        provider,
        count(*) as answered_count
    from asked
    group by requested_model, provider
)

select
    calls.requested_model,
    calls.served_model,
    calls.provider,
    any_value(changes.started_at) as started_at,
    bucket_of(any_value(changes.started_at), 'day', $tz) as started_on,
    any_value(kept.as_requested_at) as as_requested_at,
    count(*) as call_count,
    any_value(answered.answered_count) as answered_count,
    count(*) / any_value(answered.answered_count) as call_share,
    count(distinct calls.run_id) as run_count,
    sum(calls.cost_usd) as cost_usd
from asked as calls
inner join changes
    on calls.requested_model = changes.requested_model and calls.served_model = changes.served_model
        and calls.provider is not distinct from changes.provider
inner join answered
    on calls.requested_model = answered.requested_model and calls.provider is not distinct from answered.provider
left join kept on calls.requested_model = kept.requested_model and calls.provider is not distinct from kept.provider
where ($model is null or calls.requested_model = $model or calls.served_model = $model)
group by calls.requested_model, calls.served_model, calls.provider
order by started_at desc, calls.requested_model, calls.served_model, calls.provider
limit $limit
