-- Which steps belong to the runs that began in the window? One row per step of every kind but plumbing; sums are over
-- the counted ones.
select
    run_id,
    step_id,                    -- span id in hex; unique within its run
    parent_step_id,             -- as sent, even if it never arrived
    trace_id,
    kind,                       -- workflow, agent, llm, tool, retrieval, embedding, guardrail, approval, evaluation, human
    operation,
    name,
    counted,                    -- false for wrappers and repetitions of one call: leave them out of sums
    status,                     -- ok, error, denied, cancelled, pending or running
    signal,                     -- span, log or event: what it arrived as
    workflow_name,
    agent_name,                 -- its own, else the nearest agent above it
    service_name,
    service_version,
    environment,
    conversation_id,
    user_id,
    prompt_name,
    prompt_version,
    provider,
    requested_model,
    served_model,
    response_id,
    finish_reasons,
    route_attempt,
    route_reason,
    route_gateway,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    cost_usd,
    cost_source,                -- reported, gateway, joined_log or price_table
    tool_name,
    tool_type,
    tool_call_id,
    tool_args,                  -- JSON text, cut after 2,000 characters
    tool_result,                -- cut after 500 characters
    mcp_server,
    error_type,
    error_message,
    started_at,
    ended_at,
    duration_ms,
    ttft_ms,                    -- time to the first token
    wait_ms,                    -- human time inside it
    depth,                      -- how far below the run
    step_order,                 -- the order of the timeline
    cut,                        -- columns that hold only a beginning
    flaws
from steps
where project = $project
    -- A day of slack for clocks that are behind those of their runs' roots.
    and started_at >= make_timestamp_ns($since_ns - 86400000000000) and started_at <= make_timestamp_ns($latest_ns)
    and run_id in (
        select runs.run_id
        from runs
        where runs.project = $project
            and runs.started_at >= make_timestamp_ns($since_ns) and runs.started_at < make_timestamp_ns($until_ns)
    )
