-- Which models answer instead of the requested one, and since when? One row per requested and served model and provider
-- that differ (a dated snapshot does not) among the counted calls of the asked runs, the latest to start first.
-- started_at: the first such call that the project knows, up to the window's end; started_on its day, as cut in tz.
-- as_requested_at: the last time that the requested model answered itself. call_share = call_count / answered_count, the
-- window's calls of the request that were answered.
-- Whether a model is the one that was asked for is worked out once for each pair, and calls of all time are read if one is
-- not.
with answered as (
    select
        requested_model,
        served_model,
        provider,
        count(*) as call_count,
        sum(cost_usd) as cost_usd
    from steps
    where project = $project and kind in ('llm', 'embedding') and counted
        and requested_model is not null and served_model is not null
        -- A day of slack for clocks that are behind those of their runs' roots.
        and started_at >= make_timestamp_ns($since_ns - 86400000000000) and started_at < make_timestamp_ns($until_ns)
        and run_id in (
            select runs.run_id
            from asked_runs(
                $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
                $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
            ) as runs
        )
    group by requested_model, served_model, provider
),

changed as materialized (
    select *
    from (
        select
            requested_model,
            served_model,
            provider,
            call_count,
            cost_usd,
            sum(call_count) over (partition by requested_model, provider)::bigint as answered_count
        from answered
    )
    where not is_same_model(requested_model, served_model)
        and ($model is null or requested_model = $model or served_model = $model)
),

rerouted as (
    select
        calls.requested_model,
        calls.served_model,
        calls.provider,
        min(calls.started_at) as started_at,
        count(distinct asked.run_id) filter (
            where calls.started_at >= make_timestamp_ns($since_ns - 86400000000000)
        ) as run_count
    from steps as calls
    inner join changed
        on calls.requested_model = changed.requested_model and calls.served_model = changed.served_model
            and calls.provider is not distinct from changed.provider
    left join asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    ) as asked on calls.run_id = asked.run_id
    where calls.project = $project and calls.kind in ('llm', 'embedding') and calls.counted
        and calls.started_at < make_timestamp_ns($until_ns)
    group by calls.requested_model, calls.served_model, calls.provider
),

kept as (
    select
        requested_model,
        provider,
        max(started_at) as as_requested_at
    from (
        select
            calls.requested_model,
            calls.served_model,
            calls.provider,
            max(calls.started_at) as started_at
        from steps as calls
        where calls.project = $project and calls.kind in ('llm', 'embedding') and calls.counted
            and calls.served_model is not null and calls.started_at < make_timestamp_ns($until_ns)
            and calls.requested_model in (select changed.requested_model from changed)
        group by calls.requested_model, calls.served_model, calls.provider
    )
    where is_same_model(requested_model, served_model)
    group by requested_model, provider
)

select
    changed.requested_model,
    changed.served_model,
    changed.provider,
    rerouted.started_at,
    bucket_of(rerouted.started_at, 'day', $tz) as started_on,
    kept.as_requested_at,
    changed.call_count,
    changed.answered_count,
    changed.call_count / changed.answered_count as call_share,
    rerouted.run_count,
    changed.cost_usd
from changed
inner join rerouted
    on changed.requested_model = rerouted.requested_model and changed.served_model = rerouted.served_model
        and changed.provider is not distinct from rerouted.provider
left join kept
    on changed.requested_model = kept.requested_model and changed.provider is not distinct from kept.provider
order by rerouted.started_at desc, changed.requested_model, changed.served_model, changed.provider
limit $limit
