-- Which messages about alerts were sent, and which were not? One row per message and channel, those that wait first, then the
-- newest. A message waits until its receiver takes it, and is given up after about a day of attempts.
select
    notification_id,
    case when sent_at is not null then 'sent' when next_attempt_at is null then 'given up' else 'waiting' end as state,
    channel,
    rule,
    change,
    alert_ids,
    title,
    body,
    created_at,
    attempt_count,
    next_attempt_at,
    last_error,
    sent_at
from alert_notifications
where project = $project
order by next_attempt_at is null, created_at desc, channel, notification_id
limit $limit
