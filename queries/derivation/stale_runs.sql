-- Which summaries are out of date? Those of which a trace or key was touched, and those whose records, all read anew,
-- now belong elsewhere. They are deleted whatever their records have become.
create or replace temp table stale_runs as
with members as (
    select
        project,
        run_id,
        unnest(trace_ids) as trace_id
    from scope_runs
),

-- The parts of a session that was cut at its prompts: the key, a colon, the prompt's step id.
parts as (
    select
        project,
        run_id,
        run_id[:-18] as run_key,
        since,
        until
    from scope_runs
    where run_id[-17] = ':'
),

stale as (
    select
        scope_runs.project,
        scope_runs.run_id
    from scope_runs
    anti join derived_runs on scope_runs.project = derived_runs.project and scope_runs.run_id = derived_runs.run_id
    union
    select
        scope_runs.project,
        scope_runs.run_id
    from scope_runs
    semi join seeds on scope_runs.project = seeds.project and scope_runs.run_id = seeds.run_key
    union
    select
        members.project,
        members.run_id
    from members
    semi join seeds on members.project = seeds.project and members.trace_id = lower(hex(seeds.trace_id))
    union
    select
        parts.project,
        parts.run_id
    from parts
    semi join seeds
        on parts.project = seeds.project and parts.run_key = seeds.run_key
            and parts.since <= seeds.until and parts.until >= seeds.since
)

select
    scope_runs.project,
    scope_runs.run_id,
    scope_runs.trace_ids
from scope_runs
semi join stale on scope_runs.project = stale.project and scope_runs.run_id = stale.run_id
