-- Which tools, workflows, agents or people do questions hang on? One row per value, the most questions first.
-- Null is a question whose telemetry does not say, or for deciders one that nobody is known to have decided.
select
    case $by when 'tool' then tool_name when 'workflow' then workflow_name when 'agent' then agent_name else decider end as value,
    count(distinct run_id) as run_count,
    unnest(approval_counts(outcome)),
    unnest(approval_rates(outcome, wait_ms))
from asked_approvals(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
group by value
order by count(*) desc, value
limit $limit
