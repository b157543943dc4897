-- Which models were asked for, which ones answered, and how well? One row per kind of call (llm, embedding), requested and
-- served model, provider and gateway, over the counted calls of the asked runs, the most called first; with $model the
-- routes from or to it. served_model is null where nothing answered, requested_model where telemetry does not tell.
-- call_share is of the calls of the kind. error_rate = error_count / ended_count (ok or error); a call that failed names no
-- served model, so requested_error_rate says it over all routes of the same request. truncated_count: the answer was cut
-- at its length, truncation_rate of the finished_count that tell why they ended. Times to first token are of ttft_count.
-- is_same_model: served as asked, a dated snapshot included. The window before: call_count_before, null for all time.
with calls as (
    select
        kind,
        run_place,
        requested_model,
        served_model,
        provider,
        gateway,
        status,
        finish_reasons,
        cost_usd,
        is_unpriced,
        duration_ms,
        ttft_ms,
        run_started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_model_calls(
        $latest_ns, $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where $model is null or requested_model = $model or served_model = $model
),

routes as (
    select
        kind,
        requested_model,
        served_model,
        provider,
        gateway,
        count(*) filter (where is_asked) as call_count,
        count(distinct run_place) filter (where is_asked) as run_count,
        count(*) filter (where is_asked and status in ('ok', 'error')) as ended_count,
        count(*) filter (where is_asked and status = 'error') as error_count,
        count(*) filter (where is_asked and finish_reasons is not null) as finished_count,
        count(*) filter (where is_asked and list_contains(finish_reasons, 'length')) as truncated_count,
        sum(cost_usd) filter (where is_asked) as cost_usd,
        count(*) filter (where is_asked and is_unpriced) as unpriced_count,
        quantile_cont(duration_ms, [0.5, 0.95]) filter (where is_asked) as durations_ms,
        count(ttft_ms) filter (where is_asked) as ttft_count,
        quantile_cont(ttft_ms, [0.5, 0.95]) filter (where is_asked) as ttfts_ms,
        case when $before_ns < $since_ns then count(*) filter (where not is_asked) end as call_count_before
    from calls
    group by all
)

select
    kind,
    requested_model,
    served_model,
    provider,
    gateway,
    is_same_model(requested_model, served_model) as is_same_model,
    call_count,
    run_count,
    call_count / nullif(sum(call_count) over (partition by kind), 0) as call_share,
    ended_count,
    error_count,
    error_count / nullif(ended_count, 0) as error_rate,
    sum(error_count) over same_request / nullif(sum(ended_count) over same_request, 0) as requested_error_rate,
    finished_count,
    truncated_count,
    truncated_count / nullif(finished_count, 0) as truncation_rate,
    cost_usd,
    unpriced_count,
    durations_ms[1] as p50_duration_ms,
    durations_ms[2] as p95_duration_ms,
    ttft_count,
    ttfts_ms[1] as p50_ttft_ms,
    ttfts_ms[2] as p95_ttft_ms,
    call_count_before
from routes
window same_request as (partition by kind, requested_model, provider, gateway)
order by call_count desc, kind, requested_model, served_model, provider, gateway
limit $limit
