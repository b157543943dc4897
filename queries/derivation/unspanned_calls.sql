-- Which tool calls are known from the model's messages alone? Their results are told to a model for the first time, and
-- no step has their id, or, unless they were refused, in the run their name. One row per call, as a step of its own
-- beside the model call that was told. Where the run holds tool steps that match no call that was asked for, any of
-- them might be the one meant, so nothing is made up.
insert into derived_steps by name
with tools as (
    select
        project,
        run,
        tool_call_id,
        tool_name
    from derived_steps
    where kind in ('tool', 'approval') or (kind <> 'guardrail' and tool_call_id is not null)
),

gates as (
    select
        run,
        tool_call_id
    from derived_steps
    where kind = 'guardrail' and status = 'denied' and tool_call_id is not null
),

strangers as (
    select distinct tools.run
    from tools
    anti join asked_calls on tools.run = asked_calls.run and tools.tool_name = asked_calls.tool_name
    anti join told_results on tools.run = told_results.run and tools.tool_name = told_results.tool_name
    where tools.tool_call_id is null
),

unspanned as (
    select
        told.project,
        told.run,
        told.run_id,
        told.node,
        told.start_ns,
        told.tool_call_id,
        coalesce(told.tool_name, asked.tool_name) as tool_name,
        nullif(coalesce(told.tool_args, asked.tool_args), '') as tool_args,
        told.tool_result,
        coalesce(asked.end_ns, told.start_ns) as asked_ns
    from told_results as told
    left join asked_calls as asked on told.run = asked.run and told.tool_call_id = asked.tool_call_id
    anti join tools as by_id on told.project = by_id.project and told.tool_call_id = by_id.tool_call_id
    anti join strangers on told.run = strangers.run
    -- An attempt made elsewhere after a failed one is told the same again.
    qualify length(told.tool_call_id) < 12
        or row_number() over (partition by told.project, told.tool_call_id order by told.start_ns, told.node) = 1
)

select
    model.project,
    model.run_id,
    model.run,
    (select max(node) from derived_steps) + row_number() over (order by model.node, unspanned.tool_call_id) as node,
    model.row_id,
    left(md5(model.run_id || ' ' || unspanned.tool_call_id), 16) as step_id,
    model.parent_step_id,
    model.trace_id,
    'message' as signal,
    'tool' as kind,
    'execute_tool' as operation,
    unspanned.tool_name as name,
    model.workflow_name,
    model.agent_name,
    model.service_name,
    model.service_version,
    model.environment,
    model.conversation_id,
    model.user_id,
    true as counted,
    unspanned.tool_name,
    unspanned.tool_call_id,
    unspanned.tool_args,
    unspanned.tool_result,
    case
        when reads_refused(unspanned.tool_result) or reads_blocked(unspanned.tool_result) then 'denied'
        when (unspanned.run, unspanned.tool_call_id) in (select (run, tool_call_id) from gates) then 'denied'
        when reads_failed(unspanned.tool_result) then 'error'
        else 'ok'
    end as status,
    case when reads_failed(unspanned.tool_result) then unspanned.tool_result end as error_message,
    make_timestamp_ns(least(unspanned.asked_ns, unspanned.start_ns)) as started_at,
    make_timestamp_ns(unspanned.start_ns) as ended_at,
    model.depth,
    model.step_order,
    [] as cut,
    [] as flaws,
    model.labels,
    model.block_id,
    model.block_position,
    model.resource_id,
    model.scope_id,
    model.signal as record_signal,
    model.dialects,
    least(unspanned.asked_ns, unspanned.start_ns) as start_ns,
    unspanned.start_ns as end_ns,
    false as is_judgement,
    false as is_root,
    0 as usage_below,
    model.agent_node
from unspanned
inner join derived_steps as model on unspanned.node = model.node
left join (
    select distinct
        run,
        tool_name
    from tools
) as by_name on unspanned.run = by_name.run and unspanned.tool_name = by_name.tool_name
where unspanned.tool_name is not null
    and (by_name.run is null or reads_refused(unspanned.tool_result))
    -- Hand-offs look like tool calls to the model.
    and not regexp_matches(unspanned.tool_name, '^(transfer_to_|transfer_back_to_|hand_?off)')
