-- What goes by this id? One row per thing and run that bears it, of all time: a run by its id or a trace's, a step by its
-- span id, a tool call, an approval, a response; and one per conversation and user, where $person is the hash that stands
-- for an address. Hex in any case, all else to the letter. run_count: the runs of it; run_id: the newest of them.
-- The last row is always that of kind words: the text itself, for a search in what was said.
with named as (
    select
        case when run_id = $id then 'run' else 'trace' end as kind,
        $id as id,
        run_id,
        null::varchar as step_id,
        coalesce(name, agent_name) as label,
        started_at
    from runs
    where project = $project and (run_id = $id or list_contains(trace_ids, lower($id)))
),

steps_named as (
    select
        unnest(list_filter([
            case when step_id = lower($id) then 'step' end,
            case when tool_call_id = $id then 'tool_call' end,
            case when response_id = $id then 'response' end
        ], lambda kind: kind is not null)) as kind,
        run_id,
        step_id,
        coalesce(tool_name, served_model, requested_model, name) as label,
        started_at,
        not counted as is_repeated,
        kind <> 'tool' as is_about_it
    from steps
    where project = $project and (step_id = lower($id) or tool_call_id = $id or response_id = $id)
    union all
    -- Plumbing is kept without a row in steps, and so are calls that never ran.
    select
        'step' as kind,
        runs.run_id,
        lower($id) as step_id,
        spans.name as label,
        spans.started_at,
        true as is_repeated,
        true as is_about_it
    from spans
    inner join runs on spans.project = runs.project and list_contains(runs.trace_ids, lower(hex(spans.trace_id)))
    where spans.project = $project and spans.kind = 'other'
        and spans.span_id = case when regexp_full_match($id, '[0-9a-fA-F]{16}') then unhex($id) end
    union all
    select
        case when tool_call_id = $id then 'tool_call' else 'approval' end as kind,
        run_id,
        step_id,
        tool_name as label,
        coalesce(requested_at, decided_at) as started_at,
        true as is_repeated,
        true as is_about_it
    from approvals
    where project = $project and (approval_id = $id or tool_call_id = $id)
),

groups as (
    select
        'conversation' as kind,
        conversation_id as id,
        arg_max(run_id, (started_at, run_id)) as run_id,
        arg_max(coalesce(name, agent_name), (started_at, run_id)) as label,
        max(started_at) as started_at,
        count(*) as run_count
    from runs
    where project = $project and conversation_id = $id
    group by conversation_id
    -- A session that is one run needs no page beside the run's.
    having count(*) > 1 or max(run_id) <> $id
    union all
    select
        'user' as kind,
        user_id as id,
        arg_max(run_id, (started_at, run_id)) as run_id,
        arg_max(coalesce(name, agent_name), (started_at, run_id)) as label,
        max(started_at) as started_at,
        count(*) as run_count
    from runs
    where project = $project and (user_id = $id or user_id = $person)
    group by user_id
),

hits as (
    select
        kind,
        id,
        run_id,
        step_id,
        label,
        started_at,
        1 as run_count
    from named
    union all
    select
        kind,
        $id as id,
        run_id,
        step_id,
        label,
        started_at,
        1 as run_count
    from steps_named
    qualify row_number() over (partition by kind, run_id order by is_about_it, is_repeated, started_at, step_id) = 1
    union all by name
    from groups
    union all by name
    select
        'words' as kind,
        $id as id
)

select
    kind,
    id,
    run_id,
    step_id,
    label,
    started_at,
    run_count
from hits
qualify row_number() over (order by kind = 'words' desc, started_at desc, run_id, kind) <= $limit
order by
    list_position(['run', 'trace', 'step', 'tool_call', 'approval', 'response', 'conversation', 'user', 'words'], kind),
    started_at desc, run_id
