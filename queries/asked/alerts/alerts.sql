-- Which alerts fire now, or are about to? One row per rule and group, those that fire first, the latest first. Pending: over
-- its threshold, but not yet in enough evaluations in a row. silenced_until_at: until when nobody is told, null if they are.
-- asked is the path and query by which the API answers the question behind value; address a page of the app about it.
select
    alerts.alert_id,
    alerts.rule,
    alerts.group_name,
    alerts.state,
    alerts.value,
    alerts.unit,
    alerts.threshold,
    alerts.sample_count,
    alerts.sample,
    alerts.detail,
    alerts.question,
    alerts.asked,
    alerts.address,
    alerts.began_at,
    alerts.fired_at,
    alerts.evaluated_at,
    max(silences.until_at) as silenced_until_at
from alerts
left join alert_silences as silences
    on alerts.project = silences.project
    and (silences.rule is null or alerts.rule = silences.rule)
    and (silences.group_name is null or alerts.group_name = silences.group_name)
    and silences.ended_at is null and silences.until_at > make_timestamp_ns($now_ns)
where alerts.project = $project and alerts.state <> 'resolved'
group by all
order by alerts.state, alerts.fired_at desc, alerts.began_at desc, alerts.rule, alerts.group_name, alerts.alert_id
