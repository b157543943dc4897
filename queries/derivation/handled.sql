-- Which touched rows does this rebuild take? The oldest first, at most $limit; the rest waits for the next one.
create or replace temp table handled as
select
    rowid as row_id,
    project,
    trace_id,
    run_key,
    conversation_id,
    first_at,
    last_at
from touched
order by first_at, rowid
limit $limit
