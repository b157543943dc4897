-- What did a run do whose summary is up to date? One row per step with every column that was kept, plumbing included,
-- in the waterfall's order. Those without a start are looked for apart, so that the time leaves out most of the table.
with kept as (
    select *
    from steps
    where project = $project and run_id = $run_id
        and started_at >= make_timestamp_ns($since) and started_at <= make_timestamp_ns($until)
    union all by name
    select *
    from plumbing
    where project = $project and run_id = $run_id
        and started_at >= make_timestamp_ns($since) and started_at <= make_timestamp_ns($until)
    union all by name
    select *
    from steps
    where project = $project and run_id = $run_id and started_at is null
    union all by name
    select *
    from plumbing
    where project = $project and run_id = $run_id and started_at is null
)

select *
from kept
order by step_order, step_id
