-- Which model calls had to be tried again, and how? One row per attempt of every chain of more than one, or that telemetry
-- calls a retry or fallback, of the asked runs: the latest chain first, its attempts in their order; with $model the
-- attempts of it. reason: initial, retry, fallback, routed or cache; evidence: explicit, if telemetry numbers or names
-- attempts, else inferred from a failure and what was asked next. final_status is the chain's last.
select
    calls.run_id,
    calls.step_id,
    calls.first_step_id,
    calls.attempt,
    calls.attempt_count,
    calls.reason,
    calls.evidence,
    calls.requested_model,
    calls.served_model,
    calls.provider,
    calls.gateway,
    calls.status,
    calls.final_status,
    calls.error_type,
    calls.error_message,
    calls.workflow_name,
    calls.agent_name,
    calls.cost_usd,
    calls.started_at,
    calls.duration_ms
from asked_attempts(
    $latest_ns, $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
    $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
) as calls
where (calls.attempt_count > 1 or calls.reason in ('retry', 'fallback'))
    and ($model is null or calls.requested_model = $model or calls.served_model = $model)
order by calls.first_started_at desc, calls.run_id, calls.first_step_id, calls.started_at, calls.step_id
limit $limit
