-- By which attributes can a metric's series be told apart? One row per key of the points measured in the window, with how
-- many values it has and how many series bear it; those of most series first.
with pairs as (
    select
        series_id,
        unnest(labels) as pair
    from metric_points
    where project = $project and metric_name = $metric
        and measured_at >= make_timestamp_ns($since_ns) and measured_at < make_timestamp_ns($until_ns)
)

select
    split_part(pair, '=', 1) as key,
    count(distinct pair) as value_count,
    count(distinct series_id) as series_count
from pairs
group by key
order by series_count desc, key
limit $limit
