-- How much is stored each day? One row per project, UTC day and signal, over batches committed in the window. The size
-- of the file has no history; body_bytes is what came over the wire (inflated), and what a day added to the file is about
-- its stored records times the bytes that one takes in the file today (`ingest_store`).
select
    project,
    date_trunc('day', committed_at)::date as committed_day,
    signal,
    count(*) as batch_count,
    sum(stored_count)::bigint as stored_count,
    sum(body_bytes)::bigint as body_bytes,
    sum(body_bytes) / nullif(sum(received_count), 0) as body_bytes_per_record
from ingest_batches
where ($project is null or project = $project)
    and ($projects is null or list_contains($projects, project))
    and committed_at >= make_timestamp_ns($since_ns) and committed_at < make_timestamp_ns($until_ns)
group by project, committed_day, signal
order by project, committed_day, signal
