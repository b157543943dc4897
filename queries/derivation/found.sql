-- Where are the records of the scope's traces and keys that happened in one interval? Their places are found first, so
-- that other columns are read only there.
insert into found
select
    rowid as row_id,
    project,
    trace_id,
    run_key,
    conversation_id,
    epoch_ns(started_at) as start_ns
from spans
where rowid in (
    select spans.rowid
    from spans
    semi join scope_traces using (project, trace_id)
    where started_at >= make_timestamp_ns($since) and started_at <= make_timestamp_ns($until)
    union
    select spans.rowid
    from spans
    semi join scope_keys using (project, run_key)
    where started_at >= make_timestamp_ns($since) and started_at <= make_timestamp_ns($until)
)
