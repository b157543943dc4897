-- Which tool calls did a model ask for? One row per call, by the model call that asked first.
create or replace temp table asked_calls as
with asked as (
    select
        calls.project,
        calls.run,
        calls.run_id,
        calls.node,
        records.end_ns,
        unnest(calls.proposed_calls) as call
    from calls
    inner join records on calls.row_id = records.row_id
    where calls.kind = 'llm' and not calls.is_repeated and calls.proposed_calls is not null
)

select
    project,
    run,
    run_id,
    node,
    end_ns,
    call.id as tool_call_id,
    call.name as tool_name,
    nullif(call.args, '') as tool_args,
    row_number() over (partition by run, call.name order by end_ns, node) as place
from asked
qualify call.id is null or row_number() over (partition by run, call.id order by end_ns, node) = 1
