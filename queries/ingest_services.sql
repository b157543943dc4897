-- Which services send, and since when have they been silent? One row per project, service and signal, over batches
-- committed in the window. A batch's records are not told apart by service, so counts are of batches.
select
    project,
    service_name,
    signal,
    count(*) as batch_count,
    min(committed_at) as first_commit_at,
    max(committed_at) as last_commit_at
from (
    select
        project,
        signal,
        committed_at,
        unnest(services) as service_name
    from ingest_batches
    where ($project is null or project = $project)
        and ($projects is null or list_contains($projects, project))
        and committed_at >= make_timestamp_ns($since_ns) and committed_at < make_timestamp_ns($until_ns)
)
group by project, service_name, signal
order by project, service_name, signal
