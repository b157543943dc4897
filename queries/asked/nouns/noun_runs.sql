-- Which runs began in the window? One row per run.
select
    run_id,                     -- names the run: mostly its trace id
    trace_ids,                  -- all traces of it
    name,                       -- of its root
    status,                     -- ok, error, waiting, running or abandoned, as of now
    workflow_name,
    agent_name,                 -- the agent that it is a run of
    agent_names,                -- and all that took part
    service_name,
    service_names,
    service_version,            -- the release
    environment,
    conversation_id,
    user_id,                    -- an address shows as its hash
    input_preview,              -- the beginning of what was asked
    output_preview,             -- the beginning of what was answered
    started_at,                 -- UTC
    ended_at,                   -- of the root; null while it is not there
    last_activity_at,
    duration_ms,
    pending_count,              -- approvals still open
    step_count,                 -- counted steps
    llm_call_count,
    tool_call_count,
    error_count,                -- failed steps
    input_tokens,               -- cached ones included
    output_tokens,              -- reasoning included
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    cost_usd,                   -- null: nothing in it has a price
    unpriced_count,             -- model calls without a price
    approval_count,
    correction_count,           -- without the weak signs
    models,                     -- that answered, else that were asked for
    requested_models,
    tool_names,                 -- tools called
    offered_tools,              -- tools in the definitions that models were sent
    error_step_id,              -- the failing step to open first
    error_type,
    error_message,
    dialects,                   -- the conventions that its telemetry speaks
    flaws,                      -- what is wrong with its records
    labels                      -- key=value of every short attribute, tag and metadata key
from runs_at($now_ns)
where project = $project
    and started_at >= make_timestamp_ns($since_ns) and started_at < make_timestamp_ns($until_ns)
