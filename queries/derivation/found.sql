-- Where are the records of the scope's traces and keys that happened in one interval? Untimed ones are always looked
-- through. The rows' places are noted, their columns are read later and only for these.
insert into found
select
    rowid as row_id,
    project,
    trace_id,
    run_key,
    conversation_id,
    coalesce(epoch_ns(coalesce(started_at, ended_at)), 0) as start_ns
from spans
semi join scope_traces using (project, trace_id)
where started_at >= make_timestamp_ns($since) and started_at <= make_timestamp_ns($until) or started_at is null
union
select
    rowid as row_id,
    project,
    trace_id,
    run_key,
    conversation_id,
    coalesce(epoch_ns(coalesce(started_at, ended_at)), 0) as start_ns
from spans
semi join scope_keys using (project, run_key)
where started_at >= make_timestamp_ns($since) and started_at <= make_timestamp_ns($until) or started_at is null
