-- The results of tool calls that models were told, none yet.
create or replace temp table told_results (
    project varchar,
    run bigint,
    node bigint,
    start_ns bigint,
    tool_call_id varchar,
    tool_name varchar,
    tool_args varchar,
    tool_result varchar
)
