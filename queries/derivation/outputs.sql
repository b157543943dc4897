-- Which of the derived runs are to be written? Those that were touched, those that took over a stale run's traces,
-- those that share a tool call with one of these,
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
    select nodes.run
    from nodes
    inner join records on nodes.row_id = records.row_id
    semi join seeds on records.project = seeds.project and records.trace_id = seeds.trace_id
    union
    select nodes.run
    from nodes
    inner join records on nodes.row_id = records.row_id
    inner join seeds
        on records.project = seeds.project and records.run_key = seeds.run_key
            and records.start_ns <= seeds.until and records.end_ns >= seeds.since
    where records.trace_id is null and seeds.trace_id is null
    union
    select derived_runs.run
    from derived_runs
    semi join stale_runs on derived_runs.project = stale_runs.project and derived_runs.run_id = stale_runs.run_id
    union
    select members.run
    from (
        select
            run,
            project,
            unnest(trace_ids) as trace_id
        from derived_runs
    ) as members
    semi join (
        select
            project,
            unnest(trace_ids) as trace_id
        from stale_runs
    ) as stale on members.project = stale.project and members.trace_id = stale.trace_id
    union
    select derived_runs.run
    from derived_runs
    semi join linked_runs
        on derived_runs.project = linked_runs.project and derived_runs.run_id = linked_runs.run_id and linked_runs.is_affected
),

touched_places as (
    select
        placed.project,
        placed.conversation_id,
        placed.place
    from placed
    semi join touched_runs on placed.run = touched_runs.run
)

select
    placed.project,
    placed.run_id,
    placed.run
from placed
where placed.run in (
    select run
    from touched_runs
    union all
    select near.run
    from placed as near
    inner join touched_places
        on near.project = touched_places.project and near.conversation_id = touched_places.conversation_id
            and near.place between touched_places.place - 20 and touched_places.place + 20
)
