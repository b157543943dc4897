-- Which tool calls did a model ask for? One row per call, by the model call that asked first; those whose record lies
-- in one stretch of the table. A record that is counted elsewhere is heard where no other tells of a call with that id.
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
        case
            when not calls.is_repeated then row_number() over (
                partition by calls.run, mentions.tool_name, calls.is_repeated
                order by calls.end_ns, calls.node, mentions.position
            )
        end as place,
        calls.is_repeated
    from calls
    inner join mentions on calls.proposing_row_id = mentions.row_id
    where calls.kind = 'llm' and not mentions.is_answer and (not calls.is_repeated or mentions.tool_call_id is not null)
    qualify mentions.tool_call_id is null
        or row_number() over (
            partition by calls.run, mentions.tool_call_id
            order by calls.is_repeated, calls.end_ns, calls.node, mentions.position
        ) = 1
)

select
    asked.run,
    asked.node,
    asked.end_ns,
    asked.tool_call_id,
    asked.tool_name,
    nullif(coalesce(spans.proposed_calls, heard.proposed_calls)[asked.position].args, '') as tool_args,
    asked.place,
    asked.is_repeated
from asked
inner join spans on asked.row_id = spans.rowid
left join heard on asked.row_id = heard.row_id
where spans.rowid between $first_row and $last_row
