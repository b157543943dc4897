-- Which of the runs just derived has this id? One row, or none, its own id going before a trace's and that
-- before its conversation's.
select
    run_id,
    run as number,
    coalesce(list_sort(list_distinct(list(trace_id) filter (where trace_id is not null))), []) as trace_ids,
    arg_min(conversation_id, node) as conversation_id,
    min(start_ns) as since,
    max(end_ns) as until
from derived_steps
where project = $project
group by run_id, run
having run_id = $id or list_contains(list(trace_id), lower($id)) or bool_or(conversation_id = $id)
order by
    case when run_id = $id then 0 when list_contains(list(trace_id), lower($id)) then 1 else 2 end,
    min(start_ns) desc,
    run_id
limit 1
