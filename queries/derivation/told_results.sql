-- Which results of tool calls was a model told? One row per call, by the record that was told first.
create or replace temp table told_results as
with told as (
    select
        calls.project,
        calls.run,
        calls.run_id,
        calls.node,
        records.start_ns,
        unnest(calls.answered_calls) as call
    from calls
    inner join records on calls.row_id = records.row_id
    where not calls.is_repeated and calls.answered_calls is not null
)

select
    project,
    run,
    run_id,
    node,
    start_ns,
    call.id as tool_call_id,
    call.name as tool_name,
    nullif(call.args, '') as tool_args,
    nullif(call.result, '') as tool_result
from told
qualify call.id is not null and row_number() over (partition by run, call.id order by start_ns, node) = 1
