-- Where are the whole records of this run? One row per span and per log record that became a step.
select
    signal,
    block_id,
    block_position,
    resource_id,
    scope_id
from derived_steps
where run = $run
order by step_order
