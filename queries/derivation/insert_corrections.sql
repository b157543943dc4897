-- Write the corrections of the runs to be written.
insert into corrections by name
select *
from derived_corrections
semi join outputs on derived_corrections.project = outputs.project and derived_corrections.run_id = outputs.run_id
