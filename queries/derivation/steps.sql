-- What did each run do, step by step? One row per record of a run, plumbing (kind other) included, and one per tool
-- call that is known from the model's messages alone (unspanned_calls.sql); those whose record lies in one stretch of
-- the table.
-- counted: false for plumbing, wrappers and repetitions, so that a call counts once however many records tell of it;
-- counted_as: the step that counts in its place, where one does.
insert into derived_steps by name
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
        on tools.run = by_name.run and case when tools.tool_call_id is null then tools.tool_name end = by_name.tool_name
            and tools.place = by_name.place
    left join told_results as results on tools.run = results.run and tools.tool_call_id = results.tool_call_id
    left join told_results as results_by_name
        on by_name.run = results_by_name.run and by_name.tool_call_id = results_by_name.tool_call_id
),

-- What is said once in a run is meant for all its steps.
spread as (
    select
        calls.run,
        arg_min(records.conversation_id, calls.node) as conversation_id,
        arg_min(records.user_id, calls.node) as user_id,
        arg_min(records.environment, calls.node) as environment,
        coalesce(
            arg_min(records.workflow_name, calls.node) filter (where records.parent_span_id is null),
            arg_min(records.workflow_name, calls.node),
            arg_min(records.name, calls.node) filter (
                where records.parent_span_id is null and records.signal = 'span' and calls.kind <> 'other'
            )
        ) as workflow_name
    from calls
    inner join records on calls.row_id = records.row_id
    group by calls.run
),

leads as (
    select
        calls.node,
        lower(hex(records.span_id)) as counted_as
    from calls
    inner join tree on calls.leader = tree.node
    inner join records on tree.row_id = records.row_id
)

select
    homes.project,
    homes.run_id,
    calls.run,
    calls.node,
    calls.row_id,
    lower(hex(spans.span_id)) as step_id,
    lower(hex(spans.parent_span_id)) as parent_step_id,
    lower(hex(spans.trace_id)) as trace_id,
    spans.signal,
    calls.kind,
    coalesce(merged.operation, spans.operation) as operation,
    spans.name,
    coalesce(spans.workflow_name, spread.workflow_name) as workflow_name,
    calls.agent_name,
    spans.service_name,
    spans.service_version,
    coalesce(spans.environment, spread.environment) as environment,
    coalesce(spans.conversation_id, spread.conversation_id) as conversation_id,
    coalesce(spans.user_id, spread.user_id) as user_id,
    coalesce(merged.prompt_name, spans.prompt_name) as prompt_name,
    coalesce(merged.prompt_version, spans.prompt_version) as prompt_version,
    coalesce(merged.provider, spans.provider) as provider,
    coalesce(merged.requested_model, spans.requested_model) as requested_model,
    coalesce(merged.served_model, spans.served_model) as served_model,
    coalesce(merged.response_id, spans.response_id) as response_id,
    coalesce(merged.finish_reasons, spans.finish_reasons) as finish_reasons,
    coalesce(merged.route_attempt, spans.route_attempt) as route_attempt,
    coalesce(merged.route_reason, spans.route_reason) as route_reason,
    coalesce(merged.route_gateway, spans.route_gateway) as route_gateway,
    coalesce(merged.input_tokens, spans.input_tokens) as input_tokens,
    coalesce(merged.output_tokens, spans.output_tokens) as output_tokens,
    coalesce(merged.cache_read_tokens, spans.cache_read_tokens) as cache_read_tokens,
    coalesce(merged.cache_write_tokens, spans.cache_write_tokens) as cache_write_tokens,
    coalesce(merged.reasoning_tokens, spans.reasoning_tokens) as reasoning_tokens,
    coalesce(merged.cost_usd, spans.cost_usd) as cost_usd,
    coalesce(merged.cost_source, spans.cost_source) as cost_source,
    calls.kind <> 'other' and not calls.is_repeated as counted,
    leads.counted_as,
    calls.tool_name,
    coalesce(merged.tool_type, spans.tool_type) as tool_type,
    calls.tool_call_id,
    -- Some instrumentations keep a bare text or an empty object of the arguments that the model gave as JSON.
    case
        when json_valid(told_of_tools.tool_args)
            and (
                not json_valid(coalesce(merged.tool_args, spans.tool_args))
                or coalesce(merged.tool_args, spans.tool_args) in ('{}', 'null')
            )
            then told_of_tools.tool_args
        else coalesce(merged.tool_args, spans.tool_args, told_of_tools.tool_args)
    end as tool_args,
    coalesce(merged.tool_result, spans.tool_result, told_of_tools.tool_result) as tool_result,
    coalesce(merged.mcp_server, spans.mcp_server) as mcp_server,
    case
        when coalesce(merged.tool_status, spans.tool_status) in ('denied', 'cancelled')
            then coalesce(merged.tool_status, spans.tool_status)
        -- An interrupt is recorded by every span that it passes through; the innermost is where it was asked.
        when spans.pause = 'pending' and tree.waits_below = 0 then 'pending'
        when spans.pause = 'cancelled' then 'cancelled'
        when calls.kind in ('approval', 'tool')
            and coalesce(merged.approval_decision, spans.approval_decision) in ('rejected', 'auto_denied')
            then 'denied'
        when calls.kind in ('approval', 'tool')
            and coalesce(merged.approval_decision, spans.approval_decision) in ('aborted', 'expired')
            then 'cancelled'
        when calls.kind = 'approval' and coalesce(merged.approval_decision, spans.approval_decision) = 'ask_failed'
            then 'error'
        when calls.kind = 'approval'
            and coalesce(merged.approval_decision, spans.approval_decision, 'pending') = 'pending'
            and spans.approval_decided_at is null and not coalesce(merged.is_error, spans.is_error)
            then 'pending'
        when calls.kind = 'guardrail' and spans.gate_outcome = 'block' then 'denied'
        when spans.pause is null
            and (
                coalesce(merged.is_error, spans.is_error)
                or coalesce(merged.tool_status, spans.tool_status) = 'error'
            )
            then 'error'
        when spans.signal = 'span' and spans.ended_at is null then 'running'
        else 'ok'
    end as status,
    coalesce(merged.error_type, spans.error_type) as error_type,
    coalesce(merged.error_message, spans.error_message) as error_message,
    spans.started_at,
    spans.ended_at,
    spans.duration_ms,
    coalesce(merged.ttft_ms, spans.ttft_ms) as ttft_ms,
    coalesce(merged.wait_ms, spans.wait_ms) as wait_ms,
    tree.depth,
    tree.step_order,
    coalesce(merged.cut, spans.cut) as cut,
    case
        when tree.is_orphan or tree.in_cycle
            then list_concat(
                spans.flaws,
                case when tree.is_orphan then ['orphan'] else [] end,
                case when tree.in_cycle then ['cycle'] else [] end
            )
        else spans.flaws
    end as flaws,
    spans.labels,
    spans.block_id,
    spans.block_position,
    spans.resource_id,
    spans.scope_id,
    spans.signal as record_signal,
    spans.dialects,
    epoch_ns(coalesce(spans.started_at, spans.ended_at, spans.received_at)) as start_ns,
    epoch_ns(coalesce(spans.ended_at, spans.started_at, spans.received_at)) as end_ns,
    spans.pause,
    calls.kind = 'evaluation' or (calls.kind = 'human' and spans.correction_kind is not null) as is_judgement,
    spans.parent_span_id is null and spans.signal = 'span' as is_root,
    coalesce(merged.input_preview, spans.input_preview, heard.input_preview) as input_preview,
    coalesce(merged.output_preview, spans.output_preview, heard.output_preview) as output_preview,
    coalesce(merged.proposed_calls, spans.proposed_calls, heard.proposed_calls) as proposed_calls,
    spans.offered_tools,
    coalesce(merged.approval_decision, spans.approval_decision) as approval_decision,
    spans.rollup_input_tokens,
    spans.rollup_output_tokens,
    tree.usage_below,
    tree.agent_node
from spans
inner join calls on spans.rowid = calls.row_id
inner join tree on calls.node = tree.node
inner join homes on calls.row_id = homes.row_id
left join spread on calls.run = spread.run
left join merged on calls.node = merged.node
left join heard on calls.row_id = heard.row_id
left join leads on calls.node = leads.node
left join told_of_tools on calls.node = told_of_tools.node
where spans.rowid between $first_row and $last_row
