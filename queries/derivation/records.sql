-- Read the found records in one stretch of the table. A tool span that only recorded an interrupt asked and did not run:
-- it is the question, and the tool runs again on resume.
insert into records by name
select
    row_id,
    project,
    trace_id,
    span_id,
    parent_span_id,
    signal,
    run_key,
    conversation_id,
    user_id,
    environment,
    workflow_name,
    name,
    epoch_ns(coalesce(started_at, ended_at, received_at)) as start_ns,
    epoch_ns(coalesce(ended_at, started_at, received_at)) as end_ns,
    kind,
    operation,
    pause,
    scope_name,
    dialects,
    agent_name,
    tool_name,
    tool_call_id,
    coalesce(requested_model, served_model) as model,
    response_id,
    input_tokens,
    output_tokens,
    reasoning_tokens,
    cost_usd is not null as has_cost,
    is_error,
    twin_rank,
    field_count,
    kind in ('workflow', 'agent', 'llm', 'tool', 'retrieval', 'embedding')
    and coalesce(operation, '') <> 'create_agent' as is_work,
    kind = 'human' and correction_kind is null and (input_preview is not null or event_name like '%user_prompt')
        as is_prompt,
    kind in ('guardrail', 'approval') as is_gate,
    correction_kind is not null as is_correction,
    proposed_calls is not null as has_proposed,
    answered_calls is not null as has_answered
from (
    select
        rowid as row_id,
        spans.* replace (case when kind = 'tool' and pause = 'pending' then 'approval' else kind end as kind)
    from spans
    where rowid between $first_row and $last_row and rowid in (select row_id from found)
)
