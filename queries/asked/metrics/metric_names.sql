-- Which metrics arrived, measured in the window? One row per name, type and unit, by name. temporalities: delta points
-- tell what was added since the last, cumulative ones all since their series began.
select
    metric_name,
    metric_type,
    unit,
    bool_or(is_monotonic) as is_monotonic,
    list_sort(list(distinct case temporality when 1 then 'delta' when 2 then 'cumulative' end) filter (
        where temporality > 0
    )) as temporalities,
    count(distinct series_id) as series_count,
    count(*) as point_count,
    list_sort(list(distinct service_name) filter (where service_name is not null))[:20] as service_names,
    min(measured_at) as first_at,
    max(measured_at) as last_at
from metric_points
where project = $project
    and measured_at >= make_timestamp_ns($since_ns) and measured_at < make_timestamp_ns($until_ns)
group by metric_name, metric_type, unit
order by metric_name, metric_type, unit
limit $limit
