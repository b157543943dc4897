-- Which log records belong to this run, or to one step of it? One row per record, in time order.
-- A run's: sent within its traces, or without a trace by its key or conversation while it ran. A step's ($step_id is
-- not null): sent under its span, or about its tool call or model response, or what it said, or what became the step.
select
    lower(hex(log_records.trace_id)) as trace_id,
    lower(hex(log_records.span_id)) as span_id,
    lower(hex(log_records.step_id)) as step_id,
    log_records.logged_at,
    log_records.observed_at,
    log_records.severity_number,
    log_records.severity_text,
    log_records.event_name,
    log_records.body_preview,
    log_records.scope_name,
    log_records.service_name,
    log_records.tool_call_id,
    log_records.response_id,
    'log' as record_signal,
    log_records.block_id,
    log_records.block_position,
    log_records.resource_id,
    log_records.scope_id
from log_records
where log_records.project = $project
    and coalesce(log_records.logged_at, log_records.received_at) >= make_timestamp_ns($since - 86400000000000)
    and coalesce(log_records.logged_at, log_records.received_at) <= make_timestamp_ns($until + 86400000000000)
    and (
        list_contains($trace_ids::varchar[], lower(hex(log_records.trace_id)))
        or (
            log_records.trace_id is null
            and (log_records.run_key = run_key_of($run_id) or log_records.conversation_id = $conversation_id)
            and epoch_ns(coalesce(log_records.logged_at, log_records.received_at)) between $since - 1000000000
            and $until + 1000000000
        )
    )
    and (
        $step_id is null
        or lower(hex(log_records.span_id)) = $step_id
        or lower(hex(log_records.step_id)) = $step_id
        or log_records.tool_call_id = $tool_call_id
        or log_records.response_id = $response_id
        or log_records.output_preview = $said
    )
order by log_records.logged_at, log_records.block_id, log_records.block_position
limit $limit
