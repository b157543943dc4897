-- Where are the records of the run with this id? One row, or none, by its summary: its run id goes before its trace
-- ids, and those before its conversation's id, which names the newest run of it.
select
    trace_ids,
    case when run_id[-17] = ':' then run_id[:-18] else run_id end as run_key,
    conversation_id,
    epoch_ns(started_at) as since,
    epoch_ns(last_activity_at) as until
from runs
where project = $project and (run_id = $id or list_contains(trace_ids, lower($id)) or conversation_id = $id)
order by
    case when run_id = $id then 0 when list_contains(trace_ids, lower($id)) then 1 else 2 end,
    started_at desc,
    run_id
limit 1
