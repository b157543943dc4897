-- The log records that carry messages, none yet.
create or replace temp table speech (
    line bigint,
    project varchar,
    trace_id blob,
    span_id blob,
    run_key varchar,
    said_ns bigint,
    input_preview varchar,
    output_preview varchar,
    proposed_calls struct(id varchar, name varchar, args varchar) [],
    answered_calls struct(id varchar, result varchar, name varchar, args varchar) []
)
