-- Which runs that are already summarised have to do with what is being derived?
-- Those that hold one of its traces or keys, those linked to them by a tool call, and their neighbours in the seeds'
-- conversations, since an answer given in one run belongs to the run that asked: at most $neighbours before and after,
-- within the time asked for.
create or replace temp table scope_runs as
with reachable as (
    select
        project,
        run_id,
        trace_ids,
        conversation_id,
        epoch_ns(started_at) as since,
        epoch_ns(last_activity_at) as until
    from runs
    where last_activity_at >= make_timestamp_ns($since) and started_at <= make_timestamp_ns($until)
),

held as (
    select
        reachable.project,
        reachable.run_id
    from reachable
    inner join scope_keys on reachable.project = scope_keys.project and reachable.run_id = scope_keys.run_key
    union
    select
        reachable.project,
        reachable.run_id
    from reachable
    inner join scope_traces
        on reachable.project = scope_traces.project and reachable.run_id = lower(hex(scope_traces.trace_id))
    union
    select
        members.project,
        members.run_id
    from (
        select
            project,
            run_id,
            unnest(trace_ids) as trace_id
        from reachable
        where len(trace_ids) > 1 or run_id <> trace_ids[1]
    ) as members
    inner join scope_traces
        on members.project = scope_traces.project and members.trace_id = lower(hex(scope_traces.trace_id))
),

neighbours as (
    select
        reachable.project,
        reachable.run_id,
        reachable.conversation_id,
        reachable.since > talks.until as is_after,
        reachable.since < talks.since as is_before,
        greatest(reachable.since - talks.until, talks.since - reachable.since) as distance
    from reachable
    inner join scope_conversations as talks
        on reachable.project = talks.project and reachable.conversation_id = talks.conversation_id
),

near as (
    select
        project,
        run_id
    from neighbours
    qualify not (is_before or is_after)
        or row_number() over (
            partition by project, conversation_id, is_before, is_after order by distance, run_id
        ) <= $neighbours
)

select
    reachable.project,
    reachable.run_id,
    reachable.trace_ids,
    reachable.conversation_id,
    reachable.since,
    reachable.until
from reachable
where (reachable.project, reachable.run_id) in (
    select (project, run_id) from held
    union all
    select (project, run_id) from near
    union all
    select (project, run_id) from linked_runs
)
