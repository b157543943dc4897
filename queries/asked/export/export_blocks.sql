-- Which blocks hold whole records of the window's days? One row per block, day by day; records without a time are of 1970.
select
    signal,
    block_id
from content_blocks
where project = $project
    and day between make_timestamp_ns($since_ns)::date and make_timestamp_ns($until_ns)::date
order by day, signal desc, block_id
