-- Which tool calls belong to the runs that began in the window? One row per counted call, and one per call that was
-- refused before it could start.
select
    run_id,
    step_id,                    -- of a call that never started: the step that asked for it
    trace_id,
    tool_name,
    tool_type,
    tool_call_id,
    tool_args,                  -- JSON text, cut after 2,000 characters
    tool_result,                -- cut after 500 characters
    mcp_server,
    status,                     -- ok, error, denied, cancelled, pending or running
    error_type,
    error_message,
    has_step,                   -- false if it was refused before it could start
    workflow_name,
    agent_name,
    service_name,
    service_version,
    environment,
    conversation_id,
    user_id,
    started_at,                 -- of a refused call: when it was asked for
    duration_ms,
    wait_ms                     -- human time inside it
from tool_calls_at($project, $since_ns - 86400000000000, $latest_ns)
where run_id in (
    select runs.run_id
    from runs
    where runs.project = $project
        and runs.started_at >= make_timestamp_ns($since_ns) and runs.started_at < make_timestamp_ns($until_ns)
)
