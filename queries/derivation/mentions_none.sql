-- The tool calls that records ask for, execute or tell the result of, none yet.
create or replace temp table mentions (
    row_id bigint,
    project varchar,
    is_answer boolean,
    position bigint, -- in the record's list; null for the call that the record itself is
    tool_call_id varchar,
    tool_name varchar
)
