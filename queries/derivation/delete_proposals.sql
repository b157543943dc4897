-- Drop what is about to be written anew, looking only at the time in which all of it happened.
delete from proposals
where (project, run_id) in (
        select (project, run_id) from stale_runs
        union all
        select (project, run_id) from outputs
    )
    and started_at >= make_timestamp_ns((select min(start_ns) from derived_steps))
    and started_at <= make_timestamp_ns((select max(start_ns) from derived_steps))
