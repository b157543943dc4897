-- Read the records that tell of one call together, in one stretch of the table.
insert into twin_records by name
with members as (
    select
        tree.node,
        tree.row_id,
        coalesce(leaders.leader, tree.node) as leader,
        leaders.leader is null as is_leader
    from tree
    left join leaders on tree.node = leaders.node
    where leaders.leader is not null
        or (leaders.node is null and tree.node in (select leader from leaders))
)

select
    members.leader,
    members.is_leader,
    case when members.is_leader then 0 else 100000 - spans.field_count end * 4294967296 + members.node as place,
    members.row_id,
    records.signal,
    records.kind,
    spans.operation,
    spans.agent_name,
    spans.prompt_name,
    spans.prompt_version,
    spans.provider,
    spans.requested_model,
    spans.served_model,
    spans.response_id,
    spans.finish_reasons,
    spans.route_attempt,
    spans.route_reason,
    spans.route_gateway,
    spans.input_tokens,
    spans.output_tokens,
    spans.cache_read_tokens,
    spans.cache_write_tokens,
    spans.reasoning_tokens,
    spans.cost_usd,
    spans.cost_source,
    spans.tool_name,
    spans.tool_type,
    spans.tool_call_id,
    spans.tool_args,
    spans.tool_result,
    spans.tool_status,
    spans.mcp_server,
    spans.ttft_ms,
    spans.wait_ms,
    spans.is_error,
    spans.error_type,
    spans.error_message,
    coalesce(spans.input_preview, heard.input_preview) as input_preview,
    coalesce(spans.output_preview, heard.output_preview) as output_preview,
    coalesce(spans.proposed_calls, heard.proposed_calls) as proposed_calls,
    records.has_answered or heard.answered_calls is not null as has_answered,
    spans.approval_decision,
    spans.cut
from members
inner join records on members.row_id = records.row_id
inner join spans on members.row_id = spans.rowid
left join heard on members.row_id = heard.row_id
where spans.rowid between $first_row and $last_row
