-- How often did humans correct what agents did, over time? One row per bucket in which runs started, in its order.
-- correction_rate = corrected_count / reviewed_count, over the runs with a decision, feedback or correction by a human;
-- corrected_share = corrected_ended_count / ended_count, over all finished runs. A run corrected twice counts once.
select
    bucket_of(started_at, $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    count(*) as run_count,
    ended_count(status) as ended_count,
    count(*) filter (where is_reviewed) as reviewed_count,
    count(*) filter (where is_corrected) as corrected_count,
    corrected_ended_count(is_corrected, status) as corrected_ended_count,
    correction_rate(is_corrected, is_reviewed) as correction_rate,
    corrected_share(is_corrected, status) as corrected_share
from judged_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
