-- Write the runs to be written.
insert into runs by name
select derived_runs.* exclude (run)
from derived_runs
semi join outputs on derived_runs.run = outputs.run
order by derived_runs.project, derived_runs.started_at
