-- What was committed last? One row per batch, project and signal, newest first.
select
    batch_id,
    project,
    signal,
    received_at,
    committed_at,
    request_count,
    body_bytes,
    received_count,
    stored_count,
    duplicate_count,
    conflicting_count,
    unread_count,
    rejected_count,
    rejected_reasons,
    flawed_count,
    unmapped_count,
    unpriced_count,
    redacted_counts,
    services,
    first_at,
    last_at,
    lag_ms
from ingest_batches
where ($project is null or project = $project)
    and ($projects is null or list_contains($projects, project))
order by batch_id desc, project, signal
limit $limit
