-- Which tool calls do the records at hand ask for, and which do they execute or answer? One row per id, long enough
-- to be one provider's own.
create or replace temp table call_ids as
with told as (
    select
        project,
        tool_call_id,
        kind,
        list_transform(coalesce(proposed_calls, []), lambda call: call.id) as asked,
        list_transform(coalesce(answered_calls, []), lambda call: call.id) as answered
    from spans
    where rowid in (select row_id from found)
)

select distinct
    project,
    tool_call_id,
    is_answer
from (
    select
        project,
        tool_call_id,
        true as is_answer
    from told
    where kind = 'tool'
    union all
    select
        project,
        unnest(answered) as tool_call_id,
        true as is_answer
    from told
    union all
    select
        project,
        unnest(asked) as tool_call_id,
        false as is_answer
    from told
)
where length(tool_call_id) >= 12
