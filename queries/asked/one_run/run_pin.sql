-- Has somebody pinned this run, so that it is kept? One row, or none.
select
    pinned_at,
    pinned_by
from pins
where project = $project and run_id = $run_id
