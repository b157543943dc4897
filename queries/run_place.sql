-- Where are the records of this run? One row, or none, by its summary. Times are nanoseconds since 1970.
select
    trace_ids,
    case when run_id[-17] = ':' then run_id[:-18] else run_id end as run_key,
    conversation_id,
    epoch_ns(started_at) as since,
    epoch_ns(last_activity_at) as until
from runs
where project = $project and run_id = $run_id
