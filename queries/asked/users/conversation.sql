-- What happened in this conversation? One row per run, in its order; turn counts them from 1. gap_ms is the time since
-- the run before it ended or was last heard of, negative where they overlap; null for the first.
-- A page begins after $after_turn; turn_count is how many there are in all.
select
    run_id,
    row_number() over in_order as turn,
    count(*) over () as turn_count,
    name,
    agent_name,
    user_id,
    input_preview,
    output_preview,
    status,
    started_at,
    last_activity_at,
    duration_ms,
    (
        epoch_ns(started_at) - epoch_ns(max(coalesce(ended_at, last_activity_at)) over (
            order by started_at, run_id rows between unbounded preceding and 1 preceding
        ))
    ) / 1e6 as gap_ms,
    llm_call_count,
    tool_call_count,
    input_tokens,
    output_tokens,
    cost_usd,
    unpriced_count,
    approval_count,
    pending_count,
    correction_count,
    error_step_id,
    error_type,
    error_message
from runs_at($now_ns)
where project = $project and conversation_id = $conversation
window in_order as (order by started_at, run_id)
qualify turn > $after_turn
order by turn
limit $limit
