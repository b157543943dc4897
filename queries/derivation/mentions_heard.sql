-- Which tool calls do log records tell of in the name of a model call? They count as its own mentions.
insert into mentions
with asked as (
    select
        row_id,
        generate_subscripts(proposed_calls, 1) as position,
        unnest(proposed_calls) as call
    from heard
),

told as (
    select
        row_id,
        generate_subscripts(answered_calls, 1) as position,
        unnest(answered_calls) as call
    from heard
)

select
    asked.row_id,
    records.project,
    false as is_answer,
    asked.position,
    asked.call.id as tool_call_id,
    asked.call.name as tool_name
from asked
inner join records on asked.row_id = records.row_id
union all
select
    told.row_id,
    records.project,
    true as is_answer,
    told.position,
    told.call.id as tool_call_id,
    told.call.name as tool_name
from told
inner join records on told.row_id = records.row_id
