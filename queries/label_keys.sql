-- Which attribute, tag and metadata keys can runs be narrowed by? One row per key seen on runs of the window.
select
    split_part(label, '=', 1) as key,
    count(*) as run_count,
    approx_count_distinct(label) as value_count
from (
    select unnest(labels) as label
    from runs
    where project = $project
        and started_at >= make_timestamp_ns($since_ns) and started_at < make_timestamp_ns($until_ns)
)
group by key
order by run_count desc, key
limit $limit
