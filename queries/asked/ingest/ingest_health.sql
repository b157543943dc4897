-- Is all here that was sent? One row about a project: when anything last arrived, how much was refused or could not be
-- read in the 24 hours before now, how many services have fallen silent in them, and the one that did so last.
-- A service counts once for each signal that it stopped sending.
with silent as (
    select
        service_name,
        signal,
        silent_s
    from sending_services($project, null, $now_ns - 86400000000000, $now_ns)
    where is_silent
),

recent as (
    select
        coalesce(sum(stored_count), 0)::bigint as stored_count,
        coalesce(sum(list_sum(list_transform(rejected_reasons, lambda reason: reason.count))), 0)::bigint
            as refused_count,
        coalesce(sum(unread_count), 0)::bigint as unread_count
    from ingest_batches
    where project = $project and committed_at >= make_timestamp_ns($now_ns - 86400000000000)
),

latest as (
    select max(committed_at) as last_commit_at
    from ingest_batches
    where project = $project
)

select
    last_commit_at,
    ($now_ns - epoch_ns(last_commit_at)) / 1e9 as since_last_s,
    stored_count,
    refused_count,
    unread_count,
    (select count(*) from silent) as silent_count,
    newest.service_name as silent_service,
    newest.signal as silent_signal,
    newest.silent_s
from recent
cross join latest
left join (
    select
        service_name,
        signal,
        silent_s
    from silent
    order by silent_s, service_name, signal
    limit 1
) as newest on true
