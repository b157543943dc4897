-- What did people say of a group of errors? One row per act, the newest first: an assignment ('' takes it back), a note,
-- resolved (in a release, if one is named) or open again; null where the act says nothing of it.
select
    marked_at,
    assigned_to,
    marked_state,
    resolved_in,
    note,
    marked_by
from error_acts($project)
where fingerprint = $fingerprint
order by marked_at desc, log_id desc
limit $limit
