-- What does a call's counted record take over from its twins? One row per counted record that has twins; each field
-- is the record's own, else that of the twin with most fields that knows it.
insert into merged by name
select
    leader as node,
    arg_min(operation, place) as operation,
    arg_min(agent_name, place) as agent_name,
    arg_min(prompt_name, place) as prompt_name,
    arg_min(prompt_version, place) as prompt_version,
    arg_min(provider, place) as provider,
    arg_min(requested_model, place) as requested_model,
    arg_min(served_model, place) as served_model,
    arg_min(response_id, place) as response_id,
    arg_min(finish_reasons, place) as finish_reasons,
    arg_min(route_attempt, place) as route_attempt,
    arg_min(route_reason, place) as route_reason,
    arg_min(route_gateway, place) as route_gateway,
    arg_min(input_tokens, place) as input_tokens,
    arg_min(output_tokens, place) as output_tokens,
    arg_min(cache_read_tokens, place) as cache_read_tokens,
    arg_min(cache_write_tokens, place) as cache_write_tokens,
    arg_min(reasoning_tokens, place) as reasoning_tokens,
    -- A cost that somebody reported goes before one that we computed for the record itself.
    arg_min(cost_usd, case when cost_source = 'price_table' then 1 else 0 end * 9007199254740992 + place) as cost_usd,
    arg_min(
        case when cost_source in ('reported', 'gateway') and not is_leader and signal = 'log' then 'joined_log' else cost_source end,
        case when cost_source = 'price_table' then 1 else 0 end * 9007199254740992 + place
    ) filter (where cost_usd is not null) as cost_source,
    arg_min(tool_name, place) as tool_name,
    arg_min(tool_type, place) as tool_type,
    arg_min(tool_call_id, place) as tool_call_id,
    arg_min(tool_args, place) as tool_args,
    arg_min(tool_result, place) as tool_result,
    arg_min(tool_status, place) as tool_status,
    arg_min(mcp_server, place) as mcp_server,
    arg_min(ttft_ms, place) as ttft_ms,
    arg_min(wait_ms, place) as wait_ms,
    arg_min(error_type, place) as error_type,
    arg_min(error_message, place) as error_message,
    arg_min(input_preview, place) as input_preview,
    arg_min(output_preview, place) as output_preview,
    arg_min(proposed_calls, place) as proposed_calls,
    arg_min(row_id, place) filter (where proposed_calls is not null) as proposing_row_id,
    arg_min(row_id, place) filter (where has_answered) as answered_row_id,
    arg_min(approval_decision, place) as approval_decision,
    -- A wrapper's failure need not be the model call's; a tool that failed in one telling failed.
    coalesce(bool_or(is_error) filter (where is_leader or kind = 'tool' or signal = 'log'), false) as is_error,
    list_distinct(flatten(list(cut))) as cut
from twin_records
group by leader
