-- How were questions decided over time? One row per bucket in which one was decided or, undecided, asked; in its order.
-- The questions are those of the runs that started in the window; an answer may have come after its end.
select
    bucket_of(coalesce(decided_at, requested_at, run_started_at), $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    unnest(approval_counts(outcome)),
    unnest(approval_rates(outcome, wait_ms))
from asked_approvals(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
