-- Which tool calls did a model ask for that nobody ran, in runs of agents? One row per call with an id.
create or replace temp table unanswered as
select
    asked.run,
    asked.node,
    asked.end_ns,
    asked.tool_call_id,
    asked.tool_name,
    asked.tool_args
from asked_calls as asked
anti join (
    select
        run,
        tool_call_id
    from derived_steps
    where kind <> 'llm' and signal <> 'message'
) as by_id on asked.run = by_id.run and asked.tool_call_id = by_id.tool_call_id
anti join (
    select
        run,
        tool_name
    from derived_steps
    where kind <> 'llm' and signal <> 'message' and tool_call_id is null
) as by_name on asked.run = by_name.run and asked.tool_name = by_name.tool_name
where asked.tool_call_id is not null and not asked.is_repeated and asked.run in (select run from derived_steps where kind = 'agent')
