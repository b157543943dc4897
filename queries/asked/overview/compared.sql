-- Is there a window before to compare with? One row. It begins at before_at and ends at since_at; is_compared: the project's
-- first run is not later than its beginning. Half a window, or none, would make every change look like growth.
select
    if($before_ns < $since_ns, make_timestamp_ns($before_ns), null) as before_at,
    make_timestamp_ns($since_ns) as since_at,
    min(started_at) as first_run_at,
    coalesce($before_ns < $since_ns and min(started_at) <= make_timestamp_ns($before_ns), false) as is_compared
from runs
where project = $project
