-- Where are the records of this trace, or of these run keys? One row: how many, and from when to when.
select
    count(*) as record_count,
    min(epoch_ns(coalesce(started_at, ended_at, received_at))) as since,
    max(epoch_ns(coalesce(ended_at, started_at, received_at))) as until
from spans
where project = $project and (trace_id = $trace_id or list_contains($run_keys, run_key))
