-- What did a metric tell over time? One row per bucket of the window and value of the attribute $group_key ('service' for
-- the service's name, null for all at once): the seven values with most growth or, of gauges, most points have a place,
-- all others are one (is_rest). A value is null where a series has none.
-- Of sums: increase. Of gauges and sums that can fall: mean, minimum, maximum of the points, and last_total, the last
-- value of each series added up. Of histograms and summaries: observation_count, observation_sum, observation_mean =
-- observation_sum / observation_count; least and greatest observation where points tell what was added since the last.
with points as (
    select
        bucket_of(measured_at, $bucket, $tz) as bucket_at,
        case
            when $group_key = 'service' then service_name
            when $group_key is not null then list_filter(labels, lambda label: starts_with(label, $group_key || '='))[1]
        end as told,
        series_id,
        measured_at,
        value,
        added,
        added_count,
        added_sum,
        point_min,
        point_max
    from metric_growth($project, $metric, $type, $unit, $since_ns, $until_ns)
),

named as (
    select
        bucket_at,
        case when $group_key is null or $group_key = 'service' then told else told[length($group_key) + 2 :] end as value,
        series_id,
        measured_at,
        value as measured,
        added,
        added_count,
        added_sum,
        point_min,
        point_max
    from points
),

ranked as (
    select
        value,
        row_number() over (order by sum(coalesce(added_sum, added, 0)) desc, count(*) desc, value) as place
    from named
    group by value
),

placed as (
    select
        named.bucket_at,
        least(ranked.place, 8) as place,
        case when ranked.place <= 7 then named.value end as value,
        named.series_id,
        named.measured_at,
        named.measured,
        named.added,
        named.added_count,
        named.added_sum,
        named.point_min,
        named.point_max
    from named
    inner join ranked on named.value is not distinct from ranked.value
),

last_values as (
    select
        bucket_at,
        place,
        arg_max(measured, measured_at) as last_value
    from placed
    group by bucket_at, place, series_id
),

totals as (
    select
        bucket_at,
        place,
        sum(last_value) as last_total
    from last_values
    group by bucket_at, place
)

select
    placed.bucket_at,
    bucket_until(placed.bucket_at, $bucket, $tz) as bucket_until_at,
    placed.place,
    any_value(placed.value) as value,
    placed.place = 8 as is_rest,
    count(distinct placed.series_id) as series_count,
    count(*) as point_count,
    sum(placed.added) as increase,
    avg(placed.measured) as mean,
    min(placed.measured) as minimum,
    max(placed.measured) as maximum,
    any_value(totals.last_total) as last_total,
    sum(placed.added_count)::bigint as observation_count,
    sum(placed.added_sum) as observation_sum,
    sum(placed.added_sum) / nullif(sum(placed.added_count), 0) as observation_mean,
    min(placed.point_min) as least,
    max(placed.point_max) as greatest
from placed
inner join totals on placed.bucket_at = totals.bucket_at and placed.place = totals.place
group by placed.bucket_at, placed.place
order by placed.bucket_at, placed.place
limit $limit
