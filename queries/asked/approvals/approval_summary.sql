-- What became of the questions that runs put to humans and policies? One row for the window, one for that before it.
-- A question belongs to the window in which its run started. human_count: answered by a human, with approved, modified
-- or rejected. approval_rate = yes_count / human_count; auto_share = auto_approved_count / passable_count, which are those
-- approved without a human and those that one answered; waits are those of humans only. Rates and waits are null when
-- there is nothing to tell them from.
select
    case when run_started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as period,
    count(distinct run_id) as run_count,
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
    count(*) filter (where outcome in ('approved', 'approved_modified')) as yes_count,
    human_count + auto_approved_count as passable_count,
    approval_rate(outcome) as approval_rate,
    auto_share(outcome) as auto_share,
    waited_count(wait_ms, outcome) as waited_count,
    human_wait_ms(wait_ms, outcome, 0.5) as p50_wait_ms,
    human_wait_ms(wait_ms, outcome, 0.95) as p95_wait_ms
from asked_approvals(
    $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by period
order by period
