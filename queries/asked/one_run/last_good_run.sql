-- Which run of the same workflow went well last, before this one? One row, or none: the newest run with status ok that no
-- human corrected, of the same workflow (where none is known, of the same agent), started before $started_ns.
select run_id
from runs_at($now_ns)
where project = $project and status = 'ok' and correction_count = 0 and run_id <> $run_id
    and workflow_name is not distinct from $workflow_name
    and ($workflow_name is not null or agent_name is not distinct from $agent_name)
    and started_at < make_timestamp_ns($started_ns)
order by started_at desc, run_id
limit 1
