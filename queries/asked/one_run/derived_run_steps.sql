-- The steps of one of the runs just derived, in the waterfall's order.
select *
from derived_steps
where run = $run
order by step_order
