-- Where are the records of this run? One row, or none, by its summary. Times are nanoseconds since 1970: of the first and
-- last record, and in between which to look for all that was told of it, which may be days after the run itself.
-- is_settled: nothing was committed that the summary does not know of, and it was written with all of its steps.
select
    run_id,
    trace_ids,
    run_key_of(run_id) as run_key,
    conversation_id,
    epoch_ns(first_record_at) as first_ns,
    epoch_ns(last_record_at) as last_ns,
    epoch_ns(least(first_record_at, started_at)) as since,
    epoch_ns(greatest(
        last_record_at,
        last_activity_at,
        (select max(decided_at) from approvals where project = $project and run_id = $run_id),
        (select max(corrected_at) from corrections where project = $project and run_id = $run_id)
    )) as until,
    first_record_at is not null and not exists(
        select 1
        from touched
        where touched.project = $project
            and (
                list_contains(runs.trace_ids, lower(hex(touched.trace_id)))
                or touched.run_key = run_key_of(runs.run_id)
                or touched.conversation_id = runs.conversation_id
            )
    ) as is_settled
from runs
where project = $project and run_id = $run_id
