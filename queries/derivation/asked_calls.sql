-- Which tool calls did a model ask for? One row per call, by the model call that asked first; those whose record lies
-- in one stretch of the table.
insert into asked_calls
with asked as (
    select
        calls.run,
        calls.node,
        calls.end_ns,
        mentions.row_id,
        mentions.position,
        mentions.tool_call_id,
        mentions.tool_name,
        row_number() over (
            partition by calls.run, mentions.tool_name order by calls.end_ns, calls.node, mentions.position
        ) as place
    from calls
    inner join mentions on calls.proposing_row_id = mentions.row_id
    where calls.kind = 'llm' and not calls.is_repeated and not mentions.is_answer
    qualify mentions.tool_call_id is null
        or row_number() over (
            partition by calls.run, mentions.tool_call_id order by calls.end_ns, calls.node, mentions.position
        ) = 1
)

select
    asked.run,
    asked.node,
    asked.end_ns,
    asked.tool_call_id,
    asked.tool_name,
    nullif(coalesce(spans.proposed_calls, heard.proposed_calls)[asked.position].args, '') as tool_args,
    asked.place
from asked
inner join spans on asked.row_id = spans.rowid
left join heard on asked.row_id = heard.row_id
where spans.rowid between $first_row and $last_row
