-- How did the model calls go, all in all, and those of the window before? One row a window: asked, then before, if there
-- was one; over the counted model calls (kind llm) of its runs, with $model those that asked for it or that it answered.
-- error_rate = error_count / ended_count. rerouted_count: another model answered than was asked for, of the
-- compared_count where both are known. retry_count and fallback_count are attempts after a first one.
with asked as (
    select
        run_id,
        case when started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as "window"
    from asked_runs(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
)

select
    asked."window",
    count(*) as call_count,
    count(*) filter (where calls.status in ('ok', 'error')) as ended_count,
    count(*) filter (where calls.status = 'error') as error_count,
    count(*) filter (where calls.status = 'error')
    / nullif(count(*) filter (where calls.status in ('ok', 'error')), 0) as error_rate,
    count(*) filter (where calls.finish_reasons is not null) as finished_count,
    count(*) filter (where list_contains(calls.finish_reasons, 'length')) as truncated_count,
    quantile_cont(calls.duration_ms, 0.5) as p50_duration_ms,
    quantile_cont(calls.duration_ms, 0.95) as p95_duration_ms,
    count(calls.ttft_ms) as ttft_count,
    quantile_cont(calls.ttft_ms, 0.5) as p50_ttft_ms,
    quantile_cont(calls.ttft_ms, 0.95) as p95_ttft_ms,
    count(is_same_model(calls.requested_model, calls.served_model)) as compared_count,
    count(*) filter (where not is_same_model(calls.requested_model, calls.served_model)) as rerouted_count,
    count(*) filter (where calls.reason = 'retry') as retry_count,
    count(*) filter (where calls.reason = 'fallback') as fallback_count
from model_calls_since($project, $before_ns - 86400000000000) as calls
inner join asked on calls.run_id = asked.run_id
where calls.kind = 'llm' and ($model is null or calls.requested_model = $model or calls.served_model = $model)
group by asked."window"
order by asked."window"
