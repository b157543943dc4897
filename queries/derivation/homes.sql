-- Which run does each record belong to? One row per record that belongs to one (conventions, sections 3 and 5.1); runs
-- are numbered in the order of their ids.
-- A trace is a run: its id is a run key that one of its records bears (Gemini CLI's prompt), else the trace id.
-- Records without a trace go by their key; those of a conversation that also has traces join the run going on then,
-- and a conversation known from logs alone is cut into one run per prompt.
-- Groups in which no agent did anything (plumbing, judgements sent later) are no runs.
create or replace temp table homes as
with traces as (
    select
        project,
        trace_id,
        min(run_key) as run_key,
        arg_min(conversation_id, start_ns) as conversation_id,
        bool_or(is_work) as acts,
        bool_or(is_work or is_prompt or is_gate) as is_run,
        min(start_ns) filter (where is_work or is_prompt or is_gate) as since,
        max(end_ns) filter (where is_work or is_prompt or is_gate) as until
    from records
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
        records.project,
        records.row_id::varchar as name,
        records.conversation_id,
        records.start_ns as since,
        records.end_ns as until,
        true as joins_traces
    from records
    left join (
        select distinct
            project,
            run_key
        from traces
        where run_key is not null
    ) as named on records.project = named.project and records.run_key = named.run_key
    where records.trace_id is null and records.conversation_id is not null
        and (named.run_key is null or records.run_key = records.conversation_id)
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
        records.row_id,
        records.project,
        records.run_key,
        records.conversation_id,
        records.span_id,
        records.start_ns,
        records.is_prompt,
        records.is_work or records.is_prompt or records.is_gate as is_run
    from records
    left join joined
        on joined.what = 'record' and records.project = joined.project and records.row_id::varchar = joined.name
    where records.trace_id is null and records.run_key is not null and joined.name is null
),

prompts as (
    select
        project,
        run_key,
        start_ns,
        min(lower(hex(span_id))) as step_id
    from sessions
    where is_prompt and run_key = conversation_id
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

named_traces as (
    select
        traces.project,
        traces.trace_id,
        coalesce(joined.run_id, traces.run_key, lower(hex(traces.trace_id))) as run_id
    from traces
    left join joined
        on joined.what = 'trace' and traces.project = joined.project and hex(traces.trace_id) = joined.name
),

placed as (
    select
        records.row_id,
        records.project,
        named_traces.run_id,
        records.is_work or records.is_prompt or records.is_gate as is_run
    from records
    inner join named_traces on records.project = named_traces.project and records.trace_id = named_traces.trace_id
    union all
    select
        records.row_id,
        records.project,
        joined.run_id,
        records.is_work or records.is_prompt or records.is_gate as is_run
    from joined
    inner join records on joined.name::bigint = records.row_id
    where joined.what = 'record'
    union all
    select
        sessions.row_id,
        sessions.project,
        sessions.run_key || coalesce(':' || coalesce(prompts.step_id, first_prompts.step_id), '') as run_id,
        sessions.is_run
    from sessions
    asof left join prompts
        on sessions.project = prompts.project and sessions.run_key = prompts.run_key and sessions.start_ns >= prompts.start_ns
    left join first_prompts on sessions.project = first_prompts.project and sessions.run_key = first_prompts.run_key
),

numbered as (
    select
        project,
        run_id,
        row_number() over (order by project, run_id) as run
    from placed
    group by project, run_id
    having bool_or(is_run)
)

select
    placed.row_id,
    numbered.project,
    numbered.run_id,
    numbered.run
from placed
inner join numbered on placed.project = numbered.project and placed.run_id = numbered.run_id
