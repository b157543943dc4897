-- Which run goes by this id? One row, or none: the run of this id, else the run that holds the trace, else the newest
-- run of the conversation.
select run_id
from runs
where project = $project and (run_id = $id or list_contains(trace_ids, lower($id)) or conversation_id = $id)
order by run_id = $id desc, list_contains(trace_ids, lower($id)) desc, started_at desc, run_id
limit 1
