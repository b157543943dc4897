-- Which run goes by this id, if it is no run's own? One row, or none: the run that holds the trace, else the newest
-- run of the conversation.
select run_id
from runs
where project = $project and (list_contains(trace_ids, lower($id)) or conversation_id = $id)
order by list_contains(trace_ids, lower($id)) desc, started_at desc, run_id
limit 1
