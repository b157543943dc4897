-- How were questions decided over time? One row per bucket in which one was decided or, undecided, asked; in its order.
-- The questions are those of the runs that started in the window; an answer may have come after its end.
select
    bucket_of(coalesce(decided_at, requested_at, run_started_at), $bucket, $tz) as bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    count(*) as approval_count,
    human_count(outcome) as human_count,
    count(*) filter (where outcome = 'approved') as approved_count,
    count(*) filter (where outcome = 'approved_modified') as modified_count,
    count(*) filter (where outcome = 'rejected') as rejected_count,
    count(*) filter (where outcome = 'auto_approved') as auto_approved_count,
    count(*) filter (where outcome = 'auto_denied') as auto_denied_count,
    count(*) filter (where outcome = 'expired') as expired_count,
    count(*) filter (where outcome = 'aborted') as aborted_count,
    count(*) filter (where outcome = 'ask_failed') as ask_failed_count,
    count(*) filter (where outcome = 'pending') as pending_count,
    count(*) filter (where outcome = 'unanswered') as unanswered_count,
    approval_rate(outcome) as approval_rate,
    auto_share(outcome) as auto_share,
    waited_count(wait_ms, outcome) as waited_count,
    human_wait_ms(wait_ms, outcome, 0.5) as p50_wait_ms,
    human_wait_ms(wait_ms, outcome, 0.95) as p95_wait_ms
from asked_approvals(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by bucket_at
order by bucket_at
