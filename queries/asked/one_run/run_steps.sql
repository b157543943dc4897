-- What did this run do, step by step? One row per step, plumbing (kind other) included, in the waterfall's order.
-- Computed from the records at hand (queries/derivation/steps.sql), so that a step is seen as soon as it is stored.
-- What only other runs tell comes from the summary: a question that was answered later is pending no more, and a tool
-- that ran with arguments that a human changed, or only to be refused, says so.
select
    steps.step_id,
    steps.parent_step_id,
    steps.trace_id,
    steps.signal,
    steps.kind,
    steps.operation,
    steps.name,
    steps.workflow_name,
    steps.agent_name,
    steps.service_name,
    steps.service_version,
    steps.environment,
    steps.conversation_id,
    steps.user_id,
    steps.prompt_name,
    steps.prompt_version,
    steps.provider,
    steps.requested_model,
    steps.served_model,
    steps.response_id,
    steps.finish_reasons,
    steps.route_attempt,
    steps.route_reason,
    steps.route_gateway,
    steps.input_tokens,
    steps.output_tokens,
    steps.cache_read_tokens,
    steps.cache_write_tokens,
    steps.reasoning_tokens,
    steps.cost_usd,
    steps.cost_source,
    steps.counted,
    steps.counted_as,
    steps.tool_name,
    steps.tool_type,
    steps.tool_call_id,
    case when steps.kind = 'tool' then coalesce(summary.tool_args, steps.tool_args) else steps.tool_args end as tool_args,
    steps.tool_result,
    steps.mcp_server,
    case
        when steps.kind = 'tool' and summary.status in ('denied', 'cancelled') then summary.status
        when steps.status = 'pending' then coalesce(summary.status, steps.status)
        else steps.status
    end as status,
    steps.error_type,
    steps.error_message,
    steps.started_at,
    steps.ended_at,
    steps.duration_ms,
    steps.ttft_ms,
    steps.wait_ms,
    steps.input_preview,
    steps.output_preview,
    steps.depth,
    steps.step_order as "order",
    steps.cut,
    steps.flaws,
    steps.record_signal,
    steps.block_id,
    steps.block_position,
    steps.resource_id,
    steps.scope_id
from derived_steps as steps
left join main.steps as summary
    on summary.project = $project and summary.run_id = $run_id and steps.step_id = summary.step_id
        and summary.kind in ('tool', 'approval')
        and summary.started_at >= make_timestamp_ns($since) and summary.started_at <= make_timestamp_ns($until)
where steps.run = $run and ($step_id is null or steps.step_id = $step_id or steps.counted_as = $step_id)
order by steps.step_order
