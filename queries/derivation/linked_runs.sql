-- Which runs outside any conversation asked for what was answered in those at hand, answered what was asked there, or
-- were told the same answers? They are linked by the tool call's id alone, within the time asked for.
-- is_affected: what is derived of them may change with the runs at hand.
create or replace temp table linked_runs as
select
    approvals.project,
    approvals.run_id,
    true as is_affected
from approvals
inner join call_ids
    on approvals.project = call_ids.project and approvals.tool_call_id = call_ids.tool_call_id and call_ids.is_answer
where approvals.conversation_id is null and approvals.evidence <> 'explicit'
    and approvals.requested_at >= make_timestamp_ns($since) and approvals.requested_at <= make_timestamp_ns($until)
union
select
    steps.project,
    steps.run_id,
    false as is_affected
from steps
inner join call_ids
    on steps.project = call_ids.project and steps.tool_call_id = call_ids.tool_call_id and not call_ids.is_answer
where steps.kind = 'tool' and steps.conversation_id is null
    and steps.started_at >= make_timestamp_ns($since) and steps.started_at <= make_timestamp_ns($until)
union
select
    steps.project,
    steps.run_id,
    true as is_affected
from steps
inner join call_ids
    on steps.project = call_ids.project and steps.tool_call_id = call_ids.tool_call_id and call_ids.is_answer
where steps.signal = 'message' and steps.conversation_id is null
    and steps.started_at >= make_timestamp_ns($since) and steps.started_at <= make_timestamp_ns($until)
