-- Which runs hold these records? One row per run; a record's place is its block and its position in it.
with places as (
    select
        unnest($block_ids::ubigint[]) as block_id,
        unnest($positions::usmallint[]) as block_position
),

traces as (
    select lower(hex(spans.trace_id)) as trace_id
    from spans
    semi join places on spans.block_id = places.block_id and spans.block_position = places.block_position
    where spans.project = $project and spans.trace_id is not null
    union
    select lower(hex(log_records.trace_id)) as trace_id
    from log_records
    semi join places on log_records.block_id = places.block_id and log_records.block_position = places.block_position
    where log_records.project = $project and log_records.trace_id is not null
)

select steps.run_id
from steps
semi join places on steps.block_id = places.block_id and steps.block_position = places.block_position
where steps.project = $project
union
select named.run_id
from (select run_id, unnest(trace_ids) as trace_id from runs where project = $project) as named
semi join traces on named.trace_id = traces.trace_id
order by run_id
