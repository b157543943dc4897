-- Write the steps of the runs to be written, plumbing left out.
insert into steps by name
select *
from written_steps
where kind <> 'other'
order by project, run_id, step_order
