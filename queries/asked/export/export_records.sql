-- Where in this block are the records of the window? One row per record, in their order; those without a time are of 1970.
select
    $signal as record_signal,
    block_id,
    block_position,
    resource_id,
    scope_id
from (
    select
        block_id,
        block_position,
        resource_id,
        scope_id,
        started_at as happened_at
    from spans
    where project = $project and $signal = 'span' and signal = 'span' and block_id = $block_id
    union all
    select
        block_id,
        block_position,
        resource_id,
        scope_id,
        logged_at
    from log_records
    where project = $project and $signal = 'log' and block_id = $block_id
    union all
    select
        block_id,
        block_position,
        resource_id,
        scope_id,
        measured_at
    from metric_points
    where project = $project and $signal = 'metric' and block_id = $block_id
)
where (happened_at >= make_timestamp_ns($since_ns) and happened_at < make_timestamp_ns($until_ns))
    or (happened_at is null and $since_ns = 0)
order by block_id, block_position
