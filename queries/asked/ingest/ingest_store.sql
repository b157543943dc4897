-- How large is the store, and how much of it is one record? One row, over all projects and all time: $database_bytes is
-- the file with its log, $waiting_bytes the bodies that wait for their commit; both are of all projects, so null for who
-- may see some alone. Removing data leaves room in the file that is used again, so bytes_per_record is an upper bound;
-- null before the first record.
select
    case when $projects is null then $database_bytes::bigint end as database_bytes,
    case when $projects is null then $waiting_bytes::bigint end as waiting_bytes,
    coalesce(sum(stored_count), 0)::bigint as stored_count,
    coalesce(sum(stored_count) filter (where signal = 'span'), 0)::bigint as span_count,
    case when $projects is null then $database_bytes / nullif(sum(stored_count), 0) end as bytes_per_record
from ingest_batches
where $projects is null or list_contains($projects, project)
