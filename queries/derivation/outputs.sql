-- Which of the derived runs are to be written? Those that were touched, those that took over a stale run's traces,
-- those whose question was answered in one of these,
-- and up to 20 before and after in the same conversation, since questions are answered across runs. The others were
-- read only as their neighbours, and their own neighbours may be missing.
create or replace temp table outputs as
with placed as (
    select
        run,
        project,
        run_id,
        conversation_id,
        row_number() over (partition by project, conversation_id order by started_at, run_id) as place
    from derived_runs
),

touched_runs as (
    select distinct nodes.run
    from nodes
    inner join records on nodes.row_id = records.row_id
    inner join seeds
        on records.project = seeds.project
            and (
                records.trace_id = seeds.trace_id
                or (
                    records.trace_id is null
                    and seeds.trace_id is null
                    and records.run_key = seeds.run_key
                    and records.start_ns <= seeds.until
                    and records.end_ns >= seeds.since
                )
            )
    union
    select derived_runs.run
    from derived_runs
    inner join stale_runs
        on derived_runs.project = stale_runs.project
            and (
                derived_runs.run_id = stale_runs.run_id
                or list_has_any(derived_runs.trace_ids, stale_runs.trace_ids)
            )
    union
    select derived_runs.run
    from derived_runs
    inner join linked_runs
        on derived_runs.project = linked_runs.project and derived_runs.run_id = linked_runs.run_id and linked_runs.asked
)

select
    project,
    run_id,
    run
from placed
where run in (select run from touched_runs)
    or exists (
        select 1
        from placed as other
        where other.project = placed.project
            and other.conversation_id = placed.conversation_id
            and other.run in (select run from touched_runs)
            and abs(other.place - placed.place) <= 20
    )
