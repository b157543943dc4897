-- Which log records carry messages of the scope's model calls, in one interval?
insert into speech
select
    project,
    trace_id,
    span_id,
    run_key,
    logged_at,
    input_preview,
    output_preview,
    proposed_calls,
    answered_calls
from log_records
where logged_at >= make_timestamp_ns($since) and logged_at <= make_timestamp_ns($until)
    and (
        input_preview is not null or output_preview is not null
        or proposed_calls is not null or answered_calls is not null
    )
    and (
        (project, trace_id) in (select (project, trace_id) from scope_traces)
        or (trace_id is null and (project, run_key) in (select (project, run_key) from scope_keys))
    )
