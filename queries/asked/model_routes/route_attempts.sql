-- Which model calls had to be tried again, and how? One row per attempt of every chain of more than one, or that telemetry
-- calls a retry or fallback, of the asked runs: the latest chain first, its attempts in their order; with $model the
-- attempts of it. reason: initial, retry, fallback, routed or cache; evidence: explicit, if telemetry numbers or names
-- attempts, else inferred from a failure and what was asked next. final_status is the chain's last.
with attempts as (
    select
        call_place,
        run_id,
        step_id,
        first_step_id,
        first_started_at,
        started_at,
        attempt,
        attempt_count,
        reason,
        evidence,
        final_status
    from asked_attempts(
        $latest_ns, $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where (attempt_count > 1 or reason in ('retry', 'fallback'))
        and ($model is null or requested_model = $model or served_model = $model)
    order by first_started_at desc, run_id, first_step_id, started_at, step_id
    limit $limit
)

select
    attempts.run_id,
    attempts.step_id,
    attempts.first_step_id,
    attempts.attempt,
    attempts.attempt_count,
    attempts.reason,
    attempts.evidence,
    steps.requested_model,
    steps.served_model,
    steps.provider,
    steps.route_gateway as gateway,
    steps.status,
    attempts.final_status,
    steps.error_type,
    steps.error_message,
    steps.workflow_name,
    steps.agent_name,
    steps.cost_usd,
    attempts.started_at,
    steps.duration_ms
from attempts
inner join steps on attempts.call_place = steps.rowid
order by attempts.first_started_at desc, attempts.run_id, attempts.first_step_id, attempts.started_at, attempts.step_id
