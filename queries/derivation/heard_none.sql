-- What model calls learn from log records, nothing yet.
create or replace temp table heard (
    row_id bigint,
    input_preview varchar,
    output_preview varchar,
    proposed_calls struct(id varchar, name varchar, args varchar) [],
    answered_calls struct(id varchar, result varchar, name varchar, args varchar) []
)
