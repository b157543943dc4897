-- Which tools, workflows, agents or people do questions hang on? One row per value, the most questions first.
-- Null is a question whose telemetry does not say, or for deciders one that nobody is known to have decided.
select
    case $by when 'tool' then tool_name when 'workflow' then workflow_name when 'agent' then agent_name else decider end as value,
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
    approval_rate(outcome) as approval_rate,
    auto_share(outcome) as auto_share,
    waited_count(wait_ms, outcome) as waited_count,
    human_wait_ms(wait_ms, outcome, 0.5) as p50_wait_ms,
    human_wait_ms(wait_ms, outcome, 0.95) as p95_wait_ms
from asked_approvals(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by value
order by approval_count desc, value
limit $limit
