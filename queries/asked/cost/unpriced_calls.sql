-- Which model calls have tokens but no price? One row per model (served, else requested) and provider, the most tokens
-- first; without a model, the telemetry names none. first_at and last_at are when such calls started.
select
    model,
    provider,
    count(*) as call_count,
    count(distinct run_id) as run_count,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    min(started_at) as first_at,
    max(started_at) as last_at
from asked_usage(
    $latest_ns, $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
where is_unpriced
group by model, provider
order by coalesce(sum(input_tokens), 0) + coalesce(sum(output_tokens), 0) desc, model, provider
limit $limit
