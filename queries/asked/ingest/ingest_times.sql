-- How long does a record take to be stored? One row per project and signal, over batches committed in the window. The
-- lag runs from the newest record's own time to the commit, null for batches that stored none; the commit time from the
-- arrival of the batch's first request to its commit, which is how long an exporter waits for its answer.
select
    project,
    signal,
    count(*) as batch_count,
    quantile_cont(lag_ms, 0.5) as p50_lag_ms,
    quantile_cont(lag_ms, 0.95) as p95_lag_ms,
    max(lag_ms) as max_lag_ms,
    quantile_cont(epoch_ns(committed_at) - epoch_ns(received_at), 0.5) / 1e6 as p50_commit_ms,
    quantile_cont(epoch_ns(committed_at) - epoch_ns(received_at), 0.95) / 1e6 as p95_commit_ms,
    max(epoch_ns(committed_at) - epoch_ns(received_at)) / 1e6 as max_commit_ms
from ingest_batches
where ($project is null or project = $project)
    and ($projects is null or list_contains($projects, project))
    and committed_at >= make_timestamp_ns($since_ns) and committed_at < make_timestamp_ns($until_ns)
group by project, signal
order by project, signal
