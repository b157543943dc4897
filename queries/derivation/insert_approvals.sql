-- Write the approvals of the runs to be written.
insert into approvals by name
select derived_approvals.* exclude (node, answer_node, by_run, resumed_args)
from derived_approvals
semi join outputs on derived_approvals.project = outputs.project and derived_approvals.run_id = outputs.run_id
