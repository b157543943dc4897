-- Where are the records of this run? One row, or none, by its summary. Times are nanoseconds since 1970, up to the last
-- decision or correction, which may be days after the run itself.
select
    trace_ids,
    run_key_of(run_id) as run_key,
    conversation_id,
    epoch_ns(started_at) as since,
    epoch_ns(greatest(
        last_activity_at,
        (select max(decided_at) from approvals where project = $project and run_id = $run_id),
        (select max(corrected_at) from corrections where project = $project and run_id = $run_id)
    )) as until
from runs
where project = $project and run_id = $run_id
