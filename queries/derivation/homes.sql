-- Which run does each record belong to? One row per record that belongs to one (conventions, sections 3 and 5.1).
-- A trace is a run: its id is a run key that one of its records bears (Gemini CLI's prompt), else the trace id.
-- Records without a trace go by their key; those of a conversation that also has traces join the run going on then,
-- and a conversation known from logs alone is cut into one run per prompt.
-- Groups in which no agent did anything (plumbing, judgements sent later) are no runs.
create or replace temp table homes as
with moments as (
    select
        row_id,
        project,
        trace_id,
        run_key,
        conversation_id,
        span_id,
        start_ns,
        end_ns,
        kind in ('workflow', 'agent', 'llm', 'tool', 'retrieval', 'embedding')
        and coalesce(operation, '') <> 'create_agent' as acts,
        kind = 'human' and correction_kind is null and (input_preview is not null or event_name like '%user_prompt')
            as prompts,
        kind in ('guardrail', 'approval') as gates
    from records
),

traces as (
    select
        project,
        trace_id,
        min(run_key) as run_key,
        arg_min(conversation_id, start_ns) as conversation_id,
        bool_or(acts) as acts,
        bool_or(acts or prompts or gates) as is_run,
        min(start_ns) filter (where acts or prompts or gates) as since,
        max(end_ns) filter (where acts or prompts or gates) as until
    from moments
    where trace_id is not null
    group by project, trace_id
),

-- What records of a conversation can join: its runs with a key of their own if it has them, else its traces.
hosts as (
    select
        project,
        conversation_id,
        run_key is not null as is_keyed,
        coalesce(run_key, lower(hex(trace_id))) as run_id,
        min(since) as since,
        max(until) as until
    from traces
    where acts and conversation_id is not null
    group by all
),

loose as (
    select
        'trace' as what,
        project,
        hex(trace_id) as name,
        conversation_id,
        since,
        until,
        not acts as joins_traces
    from traces
    where run_key is null and conversation_id is not null and is_run
    union all
    select
        'record' as what,
        moments.project,
        moments.row_id::varchar as name,
        moments.conversation_id,
        moments.start_ns as since,
        moments.end_ns as until,
        true as joins_traces
    from moments
    left join (
        select distinct
            project,
            run_key
        from traces
        where run_key is not null
    ) as named on moments.project = named.project and moments.run_key = named.run_key
    where moments.trace_id is null and moments.conversation_id is not null
        and (named.run_key is null or moments.run_key = moments.conversation_id)
),

joined as (
    select
        loose.what,
        loose.project,
        loose.name,
        arg_min(
            hosts.run_id,
            (greatest(hosts.since - loose.until, loose.since - hosts.until, 0), -hosts.since, hosts.run_id)
        ) as run_id
    from loose
    inner join hosts
        on loose.project = hosts.project and loose.conversation_id = hosts.conversation_id
            and (hosts.is_keyed or loose.joins_traces)
            and greatest(hosts.since - loose.until, loose.since - hosts.until, 0) <= 1800000000000
            and (loose.what <> 'trace' or lower(loose.name) <> hosts.run_id)
    group by all
),

sessions as (
    select
        moments.row_id,
        moments.project,
        moments.run_key,
        moments.conversation_id,
        moments.span_id,
        moments.start_ns,
        moments.prompts
    from moments
    left join joined
        on joined.what = 'record' and moments.project = joined.project and moments.row_id::varchar = joined.name
    where moments.trace_id is null and moments.run_key is not null and joined.name is null
),

prompts as (
    select
        project,
        run_key,
        start_ns,
        min(lower(hex(span_id))) as step_id
    from sessions
    where prompts and run_key = conversation_id
    group by project, run_key, start_ns
),

first_prompts as (
    select
        project,
        run_key,
        arg_min(step_id, start_ns) as step_id
    from prompts
    group by project, run_key
),

placed as (
    select
        moments.row_id,
        coalesce(joined.run_id, traces.run_key, lower(hex(moments.trace_id))) as run_id
    from moments
    inner join traces on moments.project = traces.project and moments.trace_id = traces.trace_id
    left join joined
        on joined.what = 'trace' and traces.project = joined.project and hex(traces.trace_id) = joined.name
    union all
    select
        name::bigint as row_id,
        run_id
    from joined
    where what = 'record'
    union all
    select
        sessions.row_id,
        sessions.run_key || coalesce(':' || coalesce(prompts.step_id, first_prompts.step_id), '') as run_id
    from sessions
    asof left join prompts
        on sessions.project = prompts.project and sessions.run_key = prompts.run_key and sessions.start_ns >= prompts.start_ns
    left join first_prompts on sessions.project = first_prompts.project and sessions.run_key = first_prompts.run_key
)

select
    moments.row_id,
    moments.project,
    placed.run_id
from moments
inner join placed on moments.row_id = placed.row_id
qualify bool_or(moments.acts or moments.prompts or moments.gates) over (partition by moments.project, placed.run_id)
