-- What did the runs cost, all in all, and the runs of the window before? One row a window: asked, then before, if there
-- was one. Sums are null when nothing is known. Costs per run are of the runs whose cost is known (priced_run_count).
-- cache_hit_rate = cache_read_tokens / input_tokens, null where no run tells of cached tokens.
select
    case when started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as "window",
    count(*) as run_count,
    count(cost_usd) as priced_run_count,
    sum(llm_call_count)::bigint as llm_call_count,
    sum(unpriced_count)::bigint as unpriced_count,
    sum(cost_usd) as cost_usd,
    quantile_cont(cost_usd, 0.5) as p50_run_cost_usd,
    quantile_cont(cost_usd, 0.95) as p95_run_cost_usd,
    max(cost_usd) as max_run_cost_usd,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    sum(cache_read_tokens)::bigint as cache_read_tokens,
    cache_hit_rate(cache_read_tokens, input_tokens) as cache_hit_rate
from asked_runs(
    $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by "window"
order by "window"
