-- Where are the records of this run? One row, or none, by its summary. Times are nanoseconds since 1970.
select
    trace_ids,
    run_key_of(run_id) as run_key,
    conversation_id,
    epoch_ns(started_at) as since,
    epoch_ns(last_activity_at) as until
from runs
where project = $project and run_id = $run_id
