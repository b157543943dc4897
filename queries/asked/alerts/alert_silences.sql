-- Of which alerts is nobody told, until when, why, and who says so? One row per silence that holds now, the first to end
-- first. Without a rule it is for all of them, without a group for all of the rule.
select
    silence_id,
    rule,
    group_name,
    until_at,
    reason,
    made_by,
    made_at
from alert_silences
where project = $project and ended_at is null and until_at > make_timestamp_ns($now_ns)
order by until_at, silence_id
