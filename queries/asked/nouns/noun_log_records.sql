-- Which log records are of the window? One row per record, whatever it is about.
select
    lower(hex(trace_id)) as trace_id,
    lower(hex(span_id)) as span_id,
    lower(hex(step_id)) as step_id, -- the step that this record became
    logged_at,                  -- its time, else when it was observed
    observed_at,
    severity_number,
    severity_text,
    event_name,
    body_preview,               -- cut after 500 characters
    scope_name,
    service_name,
    conversation_id,
    tool_call_id,
    response_id,
    input_preview,
    output_preview,
    labels,                     -- key=value of every short attribute
    received_at
from log_records
where project = $project
    and logged_at >= make_timestamp_ns($since_ns) and logged_at < make_timestamp_ns($until_ns)
