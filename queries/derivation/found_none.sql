-- The places of the scope's records, none yet.
create or replace temp table found as
select
    rowid as row_id,
    project,
    trace_id,
    run_key,
    conversation_id,
    0::bigint as start_ns
from spans
limit 0
