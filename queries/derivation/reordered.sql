-- Steps known from messages alone stand before the model call that was told of them.
update derived_steps
set step_order = places.step_order
from (
    select
        node,
        row_number() over (partition by run order by step_order, signal <> 'message', node) as step_order
    from derived_steps
    where run in (select run from derived_steps where signal = 'message')
) as places
where derived_steps.node = places.node and derived_steps.step_order <> places.step_order
