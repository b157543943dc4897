-- What was refused, and why? One row per project, signal and reason, the most frequent first, over batches committed in
-- the window. Counts are of records, of `undecodable request` of whole requests. What was refused before it came to a
-- batch (no key, too large, full queue) is in no batch: the exporter was told, and the server's log says so.
select
    project,
    signal,
    reason.name as reason,
    sum(reason.count)::bigint as refused_count,
    count(*) as batch_count,
    min(committed_at) as first_commit_at,
    max(committed_at) as last_commit_at
from (
    select
        project,
        signal,
        committed_at,
        unnest(rejected_reasons) as reason
    from ingest_batches
    where ($project is null or project = $project)
        and ($projects is null or list_contains($projects, project))
        and committed_at >= make_timestamp_ns($since_ns) and committed_at < make_timestamp_ns($until_ns)
)
group by project, signal, reason.name
order by refused_count desc, project, signal, reason.name
