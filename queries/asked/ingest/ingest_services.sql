-- Which services send, and since when have they been silent? One row per project, service and signal, over batches
-- committed in the window. A batch's records are not told apart by service, so counts are of batches. silent_s runs from
-- the last commit to the window's end; `sending_services` says what silent is.
select
    project,
    service_name,
    signal,
    batch_count,
    first_commit_at,
    last_commit_at,
    longest_pause_s,
    silent_s,
    is_silent
from sending_services($project, $projects, $since_ns, $until_ns)
order by project, service_name, signal
