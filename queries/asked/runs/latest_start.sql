-- Until when may steps of the runs that started before the window's end have started? One row; null without such a run.
-- An hour is added for steps whose end is told to lie before their start.
select epoch_ns(max(last_activity_at)) + 3600 * 1000000000::bigint as latest_ns
from runs
where project = $project and started_at < make_timestamp_ns($until_ns)
