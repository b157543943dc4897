-- What became of the questions that runs put to humans and policies? One row for the window, one for that before it.
-- A question belongs to the window in which its run started. human_count: answered by a human, with approved, modified
-- or rejected. approval_rate = yes_count / human_count; auto_share = auto_approved_count / passable_count, which are those
-- approved without a human and those that one answered; waits are those of humans only. Rates and waits are null when
-- there is nothing to tell them from.
select
    case when run_started_at >= make_timestamp_ns($since_ns) then 'asked' else 'before' end as period,
    count(distinct run_id) as run_count,
    unnest(approval_counts(outcome)),
    count(*) filter (where outcome in ('approved', 'approved_modified')) as yes_count,
    passable_count(outcome) as passable_count,
    unnest(approval_rates(outcome, wait_ms))
from asked_approvals(
    $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by period
order by period
