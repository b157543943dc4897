-- What did each counted record know, its twins included? One row per record of a run.
create or replace temp table calls as
with called as (
    select
        asked.run,
        asked.tool_name
    from (
        select
            tree.run,
            unnest(records.proposed_calls).name as tool_name
        from tree
        inner join records on tree.row_id = records.row_id
        where records.proposed_calls is not null
    ) as asked
    anti join (
        select
            tree.run,
            records.tool_name
        from tree
        inner join records on tree.row_id = records.row_id
        where records.kind in ('tool', 'approval')
    ) as known on asked.run = known.run and asked.tool_name = known.tool_name
    group by asked.run, asked.tool_name
)

select
    tree.node,
    tree.run,
    tree.project,
    tree.run_id,
    tree.row_id,
    leaders.node is not null as is_repeated,
    leaders.leader,
    case
        when records.kind = 'other' and records.signal = 'span' and records.parent_span_id is null and tree.acts_below > 0
            then 'workflow'
        when records.kind = 'other' and called.tool_name is not null then 'tool'
        else records.kind
    end as kind,
    coalesce(merged.operation, records.operation) as operation,
    coalesce(merged.agent_name, records.agent_name, agents.agent_name) as agent_name,
    coalesce(merged.prompt_name, records.prompt_name) as prompt_name,
    coalesce(merged.prompt_version, records.prompt_version) as prompt_version,
    coalesce(merged.provider, records.provider) as provider,
    coalesce(merged.requested_model, records.requested_model) as requested_model,
    coalesce(merged.served_model, records.served_model) as served_model,
    coalesce(merged.response_id, records.response_id) as response_id,
    coalesce(merged.finish_reasons, records.finish_reasons) as finish_reasons,
    coalesce(merged.route_attempt, records.route_attempt) as route_attempt,
    coalesce(merged.route_reason, records.route_reason) as route_reason,
    coalesce(merged.route_gateway, records.route_gateway) as route_gateway,
    coalesce(merged.input_tokens, records.input_tokens) as input_tokens,
    coalesce(merged.output_tokens, records.output_tokens) as output_tokens,
    coalesce(merged.cache_read_tokens, records.cache_read_tokens) as cache_read_tokens,
    coalesce(merged.cache_write_tokens, records.cache_write_tokens) as cache_write_tokens,
    coalesce(merged.reasoning_tokens, records.reasoning_tokens) as reasoning_tokens,
    coalesce(merged.cost_usd, records.cost_usd) as cost_usd,
    coalesce(merged.cost_source, records.cost_source) as cost_source,
    coalesce(tools.tool_name, merged.tool_name, records.tool_name, called.tool_name) as tool_name,
    coalesce(merged.tool_type, records.tool_type) as tool_type,
    coalesce(merged.tool_call_id, records.tool_call_id, tools.tool_call_id) as tool_call_id,
    coalesce(merged.tool_args, records.tool_args) as tool_args,
    coalesce(merged.tool_result, records.tool_result) as tool_result,
    coalesce(merged.tool_status, records.tool_status) as tool_status,
    coalesce(merged.mcp_server, records.mcp_server) as mcp_server,
    coalesce(merged.ttft_ms, records.ttft_ms) as ttft_ms,
    coalesce(merged.wait_ms, records.wait_ms) as wait_ms,
    coalesce(merged.is_error, records.is_error) as is_error,
    coalesce(merged.error_type, records.error_type) as error_type,
    coalesce(merged.error_message, records.error_message) as error_message,
    coalesce(merged.input_preview, records.input_preview) as input_preview,
    coalesce(merged.output_preview, records.output_preview) as output_preview,
    coalesce(merged.proposed_calls, records.proposed_calls) as proposed_calls,
    coalesce(merged.answered_calls, records.answered_calls) as answered_calls,
    coalesce(merged.approval_decision, records.approval_decision) as approval_decision,
    coalesce(merged.cut, records.cut) as cut
from tree
inner join records on tree.row_id = records.row_id
left join merged on tree.node = merged.node
left join leaders on tree.node = leaders.node
left join records as agents on tree.agent_row_id = agents.row_id
left join records as tools on tree.asking_tool_row_id = tools.row_id
-- A span that says nothing of itself but bears the name of a tool asked for in its run is that tool's.
left join called
    on records.signal = 'span' and records.operation is null and tree.run = called.run
        and records.name = called.tool_name
