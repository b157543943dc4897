-- Which summaries are out of date? Those of which a trace or key was touched, and those whose records, all read anew,
-- now belong elsewhere. They are deleted whatever their records have become.
create or replace temp table stale_runs as
select
    runs.project,
    runs.run_id,
    runs.trace_ids
from runs
semi join scope_runs on runs.project = scope_runs.project and runs.run_id = scope_runs.run_id
where (runs.project, runs.run_id) in (select (project, run_key) from seeds)
    or (runs.project, runs.run_id) not in (select (project, run_id) from derived_runs)
    or exists (
        select 1
        from seeds
        where seeds.project = runs.project
            and (
                list_contains(runs.trace_ids, lower(hex(seeds.trace_id)))
                or (
                    -- A part of a session that was cut at its prompts: the key, a colon, the prompt's step id.
                    runs.run_id[:-18] in (seeds.run_key, seeds.conversation_id)
                    and runs.run_id[-17] = ':'
                    and epoch_ns(runs.started_at) <= seeds.until
                    and epoch_ns(runs.last_activity_at) >= seeds.since
                )
            )
    )
