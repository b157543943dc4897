-- Which points of metrics were measured in the window? One row per point; they are in no sum over runs.
select
    metric_name,
    metric_type,                -- gauge, sum, histogram, exponential_histogram or summary
    unit,
    case temporality when 1 then 'delta' when 2 then 'cumulative' end as temporality, -- adds to the points before, or holds them
    is_monotonic,
    series_id,                  -- one resource, scope, metric and set of attributes
    started_at,
    measured_at,
    value,                      -- of a gauge or sum
    point_count,                -- of a histogram or summary
    point_sum,
    point_min,
    point_max,
    scope_name,
    service_name,
    labels,                     -- key=value of every short attribute
    received_at
from metric_points
where project = $project
    and measured_at >= make_timestamp_ns($since_ns) and measured_at < make_timestamp_ns($until_ns)
