-- What does the weekly report say that was last made? One row: of a week in a time zone, of a workflow or of all (null);
-- none if it was never made. Asked for $made_at, the latest version that was made at that moment.
select
    version,
    made_at,
    is_final,
    document
from weekly_reports
where
    project = $project and week = $week and tz = $tz and workflow is not distinct from $workflow
    and ($made_at is null or made_at = $made_at::timestamp_ns)
order by version desc
limit 1
