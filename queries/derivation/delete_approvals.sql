-- Drop what is about to be written anew.
delete from approvals
where (project, run_id) in (
    select (project, run_id) from stale_runs
    union all
    select (project, run_id) from outputs
)
