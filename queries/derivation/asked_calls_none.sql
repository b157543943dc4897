-- The tool calls that models asked for, none yet.
create or replace temp table asked_calls (
    run bigint,
    node bigint,
    end_ns bigint,
    tool_call_id varchar,
    tool_name varchar,
    tool_args varchar,
    place bigint, -- among those of the same name in the run; null where only a repeated record tells of it
    is_repeated boolean
)
