-- What did each run do, step by step? One row per record of a run, plumbing (kind other) included, and one per tool
-- call that is known from the model's messages alone.
-- counted: false for plumbing, wrappers and repetitions, so that a call counts once however many records tell of it;
-- counted_as: the step that counts in its place, where one does.
create or replace temp table derived_steps as
with tools as (
    select
        node,
        run,
        tool_call_id,
        tool_name,
        row_number() over (partition by run, tool_name order by node) as place
    from calls
    where kind = 'tool' and not is_repeated
),

told_of_tools as (
    select
        tools.node,
        coalesce(by_id.tool_args, by_name.tool_args) as tool_args,
        coalesce(results.tool_result, results_by_name.tool_result) as tool_result
    from tools
    left join asked_calls as by_id on tools.run = by_id.run and tools.tool_call_id = by_id.tool_call_id
    left join asked_calls as by_name
        on tools.tool_call_id is null and tools.run = by_name.run and tools.tool_name = by_name.tool_name
            and tools.place = by_name.place
    left join told_results as results on tools.run = results.run and tools.tool_call_id = results.tool_call_id
    left join told_results as results_by_name
        on by_name.run = results_by_name.run and by_name.tool_call_id = results_by_name.tool_call_id
),

spread as (
    select
        calls.run,
        arg_min(records.conversation_id, records.start_ns) as conversation_id,
        arg_min(records.user_id, records.start_ns) as user_id,
        arg_min(records.environment, records.start_ns) as environment,
        coalesce(
            arg_min(records.workflow_name, records.start_ns) filter (where records.parent_span_id is null),
            arg_min(records.workflow_name, records.start_ns),
            arg_min(records.name, records.start_ns) filter (
                where records.parent_span_id is null and records.signal = 'span' and calls.kind <> 'other'
            )
        ) as workflow_name
    from calls
    inner join records on calls.row_id = records.row_id
    group by calls.run
)

select
    calls.project,
    calls.run_id,
    calls.run,
    calls.node,
    calls.row_id,
    lower(hex(records.span_id)) as step_id,
    lower(hex(records.parent_span_id)) as parent_step_id,
    lower(hex(records.trace_id)) as trace_id,
    records.signal,
    calls.kind,
    calls.operation,
    records.name,
    coalesce(records.workflow_name, spread.workflow_name) as workflow_name,
    calls.agent_name,
    records.service_name,
    records.service_version,
    coalesce(records.environment, spread.environment) as environment,
    coalesce(records.conversation_id, spread.conversation_id) as conversation_id,
    coalesce(records.user_id, spread.user_id) as user_id,
    calls.prompt_name,
    calls.prompt_version,
    calls.provider,
    calls.requested_model,
    calls.served_model,
    calls.response_id,
    calls.finish_reasons,
    calls.route_attempt,
    calls.route_reason,
    calls.route_gateway,
    calls.input_tokens,
    calls.output_tokens,
    calls.cache_read_tokens,
    calls.cache_write_tokens,
    calls.reasoning_tokens,
    calls.cost_usd,
    calls.cost_source,
    calls.kind <> 'other' and not calls.is_repeated as counted,
    lower(hex(counted_records.span_id)) as counted_as,
    calls.tool_name,
    calls.tool_type,
    calls.tool_call_id,
    -- Some instrumentations keep a bare text or an empty object of the arguments that the model gave as JSON.
    case
        when json_valid(told_of_tools.tool_args) and (not json_valid(calls.tool_args) or calls.tool_args in ('{}', 'null'))
            then told_of_tools.tool_args
        else coalesce(calls.tool_args, told_of_tools.tool_args)
    end as tool_args,
    coalesce(calls.tool_result, told_of_tools.tool_result) as tool_result,
    calls.mcp_server,
    case
        when calls.tool_status in ('denied', 'cancelled') then calls.tool_status
        -- An interrupt is recorded by every span that it passes through; the innermost is where it was asked.
        when records.pause = 'pending' and tree.waits_below = 0 then 'pending'
        when records.pause = 'cancelled' then 'cancelled'
        when calls.kind in ('approval', 'tool') and calls.approval_decision in ('rejected', 'auto_denied') then 'denied'
        when calls.kind in ('approval', 'tool') and calls.approval_decision in ('aborted', 'expired') then 'cancelled'
        when calls.kind = 'approval' and calls.approval_decision = 'ask_failed' then 'error'
        when calls.kind = 'approval' and coalesce(calls.approval_decision, 'pending') = 'pending'
            and records.approval_decided_at is null and not calls.is_error
            then 'pending'
        when calls.kind = 'guardrail' and records.gate_outcome = 'block' then 'denied'
        when records.pause is null and (calls.is_error or calls.tool_status = 'error') then 'error'
        when records.signal = 'span' and records.ended_at is null then 'running'
        else 'ok'
    end as status,
    calls.error_type,
    calls.error_message,
    records.started_at,
    records.ended_at,
    records.duration_ms,
    calls.ttft_ms,
    calls.wait_ms,
    tree.depth,
    tree.step_order,
    calls.cut,
    list_concat(
        records.flaws,
        case when tree.is_orphan then ['orphan'] else [] end,
        case when tree.in_cycle then ['cycle'] else [] end
    ) as flaws,
    records.labels,
    records.block_id,
    records.block_position,
    records.resource_id,
    records.scope_id,
    records.signal as record_signal,
    records.dialects,
    records.start_ns,
    records.end_ns,
    records.pause,
    calls.kind = 'evaluation' or (calls.kind = 'human' and records.correction_kind is not null) as is_judgement,
    records.parent_span_id is null and records.signal = 'span' as is_root,
    calls.input_preview,
    calls.output_preview,
    calls.proposed_calls,
    calls.approval_decision,
    records.rollup_input_tokens,
    records.rollup_output_tokens,
    tree.usage_below,
    tree.agent_node
from calls
inner join tree on calls.node = tree.node
inner join records on calls.row_id = records.row_id
left join spread on calls.run = spread.run
left join tree as counted_nodes on calls.leader = counted_nodes.node
left join records as counted_records on counted_nodes.row_id = counted_records.row_id
left join told_of_tools on calls.node = told_of_tools.node
