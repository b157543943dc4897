-- How many users were there over time, and how many of them saw a run fail? One row per bucket in which runs started, in
-- its order. failed_user_count is part of user_count; the same user may be in several buckets.
select
    bucket_of(started_at, $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    count(*) as run_count,
    count(distinct user_id) as user_count,
    count(distinct user_id) filter (where status = 'error') as failed_user_count,
    count(distinct conversation_id) as conversation_count,
    count(distinct conversation_id) filter (where status = 'error') as failed_conversation_count
from asked_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
