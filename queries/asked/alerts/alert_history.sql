-- Which alerts fired? One row each time that a rule fired for a group, the newest first, those that still fire among them;
-- of one rule, or the one with an id, where asked for. Numbers are those of the last evaluation that told any.
select
    alert_id,
    rule,
    group_name,
    state,
    value,
    unit,
    threshold,
    sample_count,
    sample,
    detail,
    question,
    asked,
    address,
    is_told,
    began_at,
    fired_at,
    resolved_at,
    evaluated_at
from alerts
where project = $project and fired_at is not null
    and ($rule is null or rule = $rule) and ($alert_id is null or alert_id = $alert_id)
order by fired_at desc, alert_id
limit $limit
