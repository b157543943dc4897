-- Has anything been committed whose records happened near this time? One row: the newest such commit.
select max(batch_id) as batch_id
from ingest_batches
where project = $project
    and last_at >= make_timestamp_ns($since) and first_at <= make_timestamp_ns($until)
