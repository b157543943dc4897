-- Which classes of tokens did the runs use over time? One row per bucket of the window in which runs started, in order.
-- Input is fresh_input, cache_read and cache_write; output is answer and reasoning: the five add up to all tokens.
-- What a run does not tell of a class counts as none, once it tells its input or output; null when no run tells.
-- cache_hit_rate = cache_read_tokens / input_tokens, null where no run tells of cached tokens.
select
    bucket_of(started_at, $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    count(*) as run_count,
    sum(input_tokens - coalesce(cache_read_tokens, 0) - coalesce(cache_write_tokens, 0))::bigint as fresh_input_tokens,
    sum(cache_read_tokens)::bigint as cache_read_tokens,
    sum(cache_write_tokens)::bigint as cache_write_tokens,
    sum(output_tokens - coalesce(reasoning_tokens, 0))::bigint as answer_tokens,
    sum(reasoning_tokens)::bigint as reasoning_tokens,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    cache_hit_rate(cache_read_tokens, input_tokens) as cache_hit_rate
from asked_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
