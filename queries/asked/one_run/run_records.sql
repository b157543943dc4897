-- Where are the whole records of this run? One row per span and per log record or span event that became a step.
select
    record_signal,
    block_id,
    block_position,
    resource_id,
    scope_id
from opened_steps
where signal <> 'message'
order by step_order
