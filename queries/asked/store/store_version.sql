-- Has anything changed that a question about the window would see? One row: the newest commit whose records happened
-- in it, and how many touched runs still wait for their summary.
select
    newest_commit($project, $since_ns, $until_ns) as batch_id,
    (select count(*) from touched where project = $project) as waiting_count
