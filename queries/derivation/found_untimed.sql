-- Where are the records of the scope's traces and keys whose start is unknown? They are always looked through.
insert into found
select
    rowid as row_id,
    project,
    trace_id,
    run_key,
    conversation_id,
    coalesce(epoch_ns(ended_at), 0) as start_ns
from spans
where started_at is null
    and (
        (project, trace_id) in (select (project, trace_id) from scope_traces)
        or (project, run_key) in (select (project, run_key) from scope_keys)
    )
