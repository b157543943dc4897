-- Which runs does a group of errors affect, and at which step? One row per asked run with failed steps of $fingerprint,
-- the newest first, with the last of these steps. A page begins after the run that the cursor names ($after_…); the order
-- is total: the run's start, its id.
with failed as (
    select
        run_id,
        count(*) as error_count,
        arg_max(step_id, (started_at, step_id)) as step_id,
        arg_max(agent_name, (started_at, step_id)) as agent_name,
        arg_max(error_type, (started_at, step_id)) as error_type,
        arg_max(error_message, (started_at, step_id)) as error_message,
        max(started_at) as failed_at
    -- A day of slack for clocks that are behind those of their runs' roots.
    from failures_since($project, $since_ns - 86400000000000)
    where fingerprint = $fingerprint
    group by run_id
)

select
    runs.run_id,
    coalesce(runs.name, runs.agent_name) as run_name,
    runs.status,
    runs.workflow_name,
    failed.agent_name,
    runs.service_version,
    runs.user_id,
    runs.started_at,
    failed.failed_at,
    failed.step_id,
    failed.error_count,
    failed.error_type,
    failed.error_message,
    0.0::double as sort_value,
    epoch_ns(runs.started_at) as sort_time,
    runs.run_id as sort_name
from asked_runs(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
    $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
) as runs
inner join failed on runs.run_id = failed.run_id
where $after_name is null or (sort_value, sort_time, sort_name) < ($after_value, $after_time, $after_name)
order by sort_time desc, sort_name desc
limit $limit
