-- Has anything changed that a question about the window would see? One row: the newest commit whose records happened
-- in it, and how many touched runs still wait for their summary.
select
    (
        select max(batch_id)
        from ingest_batches
        where project = $project
            and last_at >= make_timestamp_ns($since_ns) and first_at < make_timestamp_ns($until_ns)
    ) as batch_id,
    (select count(*) from touched where project = $project) as waiting_count
