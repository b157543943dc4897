-- Which secrets were sent raw, and by whom? One row per project, rule, signal and set of services, the most frequent
-- first, over batches committed in the window. value_count is the number of values that were replaced before they were
-- stored. A batch's records are not told apart by service: of several services, at least one sent them; of none, the
-- records were of no named service, or repeated ones.
select
    project,
    redacted.name as rule,
    signal,
    services,
    sum(redacted.count)::bigint as value_count,
    count(*) as batch_count,
    min(committed_at) as first_commit_at,
    max(committed_at) as last_commit_at
from (
    select
        project,
        signal,
        services,
        committed_at,
        unnest(redacted_counts) as redacted
    from ingest_batches
    where ($project is null or project = $project)
        and ($projects is null or list_contains($projects, project))
        and committed_at >= make_timestamp_ns($since_ns) and committed_at < make_timestamp_ns($until_ns)
)
group by project, redacted.name, signal, services
order by value_count desc, project, redacted.name, signal, services
limit $limit
