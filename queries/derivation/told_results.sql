-- Which results of tool calls was a model told? One row per call, by the record that was told first; those whose record
-- lies in one stretch of the table. Each later call of a conversation is told the same again, so what was said is read
-- for the first only.
insert into told_results
with told as (
    select
        calls.project,
        calls.run,
        calls.node,
        calls.start_ns,
        mentions.row_id,
        mentions.position,
        mentions.tool_call_id,
        mentions.tool_name
    from calls
    inner join mentions on calls.answered_row_id = mentions.row_id
    where not calls.is_repeated and mentions.is_answer and mentions.position is not null
        and mentions.tool_call_id is not null
    qualify row_number() over (partition by calls.run, mentions.tool_call_id order by calls.node, mentions.position) = 1
)

select
    told.project,
    told.run,
    told.node,
    told.start_ns,
    told.tool_call_id,
    told.tool_name,
    nullif(coalesce(spans.answered_calls, heard.answered_calls)[told.position].args, '') as tool_args,
    nullif(coalesce(spans.answered_calls, heard.answered_calls)[told.position].result, '') as tool_result
from told
inner join spans on told.row_id = spans.rowid
left join heard on told.row_id = heard.row_id
where spans.rowid between $first_row and $last_row
