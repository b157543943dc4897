-- How did the runs of the window go, all in all? One row; sums are null when nothing is known.
-- tool_call_count: calls with a step. Those that were refused before they could start have none; `tool_calls` lists them
-- too (`tool_stats` has both: call_count and unstarted_count).
-- is_cut: more records hold the words than are looked at, so that runs of older ones are not counted.
select
    count(*) as run_count,
    count(*) filter (where status = 'ok') as ok_count,
    count(*) filter (where status = 'error') as error_count,
    count(*) filter (where status = 'abandoned') as abandoned_count,
    count(*) filter (where status = 'waiting') as waiting_count,
    count(*) filter (where status = 'running') as running_count,
    quantile_cont(duration_ms, 0.5) filter (where status <> 'running') as p50_duration_ms,
    quantile_cont(duration_ms, 0.95) filter (where status <> 'running') as p95_duration_ms,
    sum(llm_call_count)::bigint as llm_call_count,
    sum(tool_call_count)::bigint as tool_call_count,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    sum(cost_usd) as cost_usd,
    sum(unpriced_count)::bigint as unpriced_count,
    sum(approval_count)::bigint as approval_count,
    count(*) filter (where correction_count > 0) as corrected_run_count,
    $is_cut::boolean as is_cut
from asked_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
