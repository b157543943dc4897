-- The tool calls that are known from messages alone become steps, each beside the model call that was told its result.
insert into derived_steps by name
with gates as (
    select
        run,
        tool_call_id
    from derived_steps
    where kind = 'guardrail' and status = 'denied' and tool_call_id is not null
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
