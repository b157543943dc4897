-- Which tool calls do the records found in one stretch of the table ask for, execute or tell the result of? One row per
-- mention; what was said stays in its record until somebody needs it.
insert into mentions
select
    row_id,
    project,
    is_answer,
    position,
    call.id as tool_call_id,
    call.name as tool_name
from (
    select
        rowid as row_id,
        project,
        true as is_answer,
        generate_subscripts(answered_calls, 1) as position,
        unnest(answered_calls) as call
    from spans
    where rowid between $first_row and $last_row and rowid in (select row_id from found) and answered_calls is not null
)
union all
select
    row_id,
    project,
    is_answer,
    position,
    call.id as tool_call_id,
    call.name as tool_name
from (
    select
        rowid as row_id,
        project,
        false as is_answer,
        generate_subscripts(proposed_calls, 1) as position,
        unnest(proposed_calls) as call
    from spans
    where rowid between $first_row and $last_row and rowid in (select row_id from found) and proposed_calls is not null
)
union all
select
    rowid as row_id,
    project,
    true as is_answer,
    null as position,
    tool_call_id,
    tool_name
from spans
where rowid between $first_row and $last_row and rowid in (select row_id from found) and kind = 'tool'
    and tool_call_id is not null
