-- Where are the records of a run that has no summary yet? One row as run_place.sql gives it, or none, by the records
-- whose trace id or run key this id is.
select
    null::varchar as run_id,
    case when regexp_full_match($id, '[0-9a-fA-F]{32}') then [lower($id)] else [] end as trace_ids,
    run_key_of($id) as run_key,
    null::varchar as conversation_id,
    min(epoch_ns(coalesce(started_at, ended_at, received_at))) as since,
    max(epoch_ns(coalesce(ended_at, started_at, received_at))) as until,
    false as is_settled
from spans
where project = $project
    and (
        trace_id = case when regexp_full_match($id, '[0-9a-fA-F]{32}') then unhex($id) end
        or run_key in ($id, run_key_of($id))
    )
having count(*) > 0
