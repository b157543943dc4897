-- Write the plumbing of the runs to be written.
insert into plumbing by name
select *
from written_steps
where kind = 'other'
order by project, run_id, step_order
