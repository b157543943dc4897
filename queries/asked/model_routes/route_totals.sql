-- How did the model calls go, all in all, and those of the window before? One row a window: asked, then before, if there
-- was one; over the counted model calls (kind llm) of its runs, with $model those that asked for it or that it answered.
-- error_rate = error_count / ended_count. rerouted_count: another model answered than was asked for, of the
-- compared_count where both are known. retry_count and fallback_count are attempts after a first one.
with calls as (
    select
        requested_model,
        served_model,
        status,
        finish_reasons is not null as is_finished,
        list_contains(finish_reasons, 'length') as is_truncated,
        duration_ms,
        ttft_ms,
        case when run_started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as "window"
    from asked_model_calls(
        $latest_ns, $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where kind = 'llm' and ($model is null or requested_model = $model or served_model = $model)
),

sums as (
    select
        "window",
        count(*) as call_count,
        count(*) filter (where status in ('ok', 'error')) as ended_count,
        count(*) filter (where status = 'error') as error_count,
        count(*) filter (where is_finished) as finished_count,
        count(*) filter (where is_truncated) as truncated_count,
        quantile_cont(duration_ms, [0.5, 0.95]) as durations_ms,
        count(ttft_ms) as ttft_count,
        quantile_cont(ttft_ms, [0.5, 0.95]) as ttfts_ms
    from calls
    group by "window"
),

compared as (
    select
        "window",
        coalesce(sum(call_count) filter (where is_same is not null), 0)::bigint as compared_count,
        coalesce(sum(call_count) filter (where not is_same), 0)::bigint as rerouted_count
    from (
        select
            "window",
            is_same_model(requested_model, served_model) as is_same,
            call_count
        from (
            select
                "window",
                requested_model,
                served_model,
                count(*) as call_count
            from calls
            group by all
        )
    )
    group by "window"
),

tried as (
    select
        case when run_started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as "window",
        count(*) filter (where reason = 'retry') as retry_count,
        count(*) filter (where reason = 'fallback') as fallback_count
    from asked_attempts(
        $latest_ns, $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where kind = 'llm' and ($model is null or requested_model = $model or served_model = $model)
    group by "window"
)

select
    sums."window",
    sums.call_count,
    sums.ended_count,
    sums.error_count,
    sums.error_count / nullif(sums.ended_count, 0) as error_rate,
    sums.finished_count,
    sums.truncated_count,
    sums.durations_ms[1] as p50_duration_ms,
    sums.durations_ms[2] as p95_duration_ms,
    sums.ttft_count,
    sums.ttfts_ms[1] as p50_ttft_ms,
    sums.ttfts_ms[2] as p95_ttft_ms,
    compared.compared_count,
    compared.rerouted_count,
    coalesce(tried.retry_count, 0) as retry_count,
    coalesce(tried.fallback_count, 0) as fallback_count
from sums
inner join compared on sums."window" = compared."window"
left join tried on sums."window" = tried."window"
order by sums."window"
