-- The places of the scope's records, none yet.
create or replace temp table found (
    row_id bigint,
    project varchar,
    trace_id blob,
    run_key varchar,
    conversation_id varchar,
    start_ns bigint
)
