-- How many steps ask for permission or tell of an answer?
select count(*)
from derived_steps
where kind = 'approval'
    or (kind = 'tool' and coalesce(approval_decision, 'pending') <> 'pending' and counted)
    or (pause = 'pending' and status = 'pending')
