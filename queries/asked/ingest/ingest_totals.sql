-- How much has come in, and what became of it? One row per project and signal, over batches committed in the window.
select
    project,
    signal,
    count(*) as batch_count,
    sum(request_count)::bigint as request_count,
    sum(body_bytes)::bigint as body_bytes,
    sum(received_count)::bigint as received_count,
    sum(stored_count)::bigint as stored_count,
    sum(duplicate_count)::bigint as duplicate_count,
    sum(conflicting_count)::bigint as conflicting_count,
    sum(unread_count)::bigint as unread_count,
    sum(rejected_count)::bigint as rejected_count,
    sum(flawed_count)::bigint as flawed_count,
    sum(unmapped_count)::bigint as unmapped_count,
    sum(unpriced_count)::bigint as unpriced_count,
    max(committed_at) as last_commit_at,
    max(lag_ms) as max_lag_ms
from ingest_batches
where ($project is null or project = $project)
    and ($projects is null or list_contains($projects, project))
    and committed_at >= make_timestamp_ns($since_ns) and committed_at < make_timestamp_ns($until_ns)
group by project, signal
order by project, signal
