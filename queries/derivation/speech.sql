-- Which log records carry messages of the scope's model calls, in one interval? Their places are found first, so that
-- texts are read only there.
insert into speech
select
    rowid as line,
    project,
    trace_id,
    span_id,
    run_key,
    epoch_ns(logged_at) as said_ns,
    input_preview,
    output_preview,
    proposed_calls,
    answered_calls
from log_records
where rowid in (
    select log_records.rowid
    from log_records
    semi join scope_traces using (project, trace_id)
    where logged_at >= make_timestamp_ns($since) and logged_at <= make_timestamp_ns($until)
    union
    select log_records.rowid
    from log_records
    semi join scope_keys using (project, run_key)
    where trace_id is null and logged_at >= make_timestamp_ns($since) and logged_at <= make_timestamp_ns($until)
)
and (input_preview is not null or output_preview is not null or proposed_calls is not null or answered_calls is not null)
