-- Which other runs has this conversation? One row per run, oldest first; of a long one the $limit runs nearest to this.
select
    run_id,
    name,
    agent_name,
    input_preview,
    status,
    started_at,
    duration_ms,
    error_count,
    input_tokens,
    output_tokens,
    cost_usd,
    unpriced_count
from runs_at($now_ns)
where project = $project and conversation_id = $conversation_id and run_id <> $run_id
qualify row_number() over (order by abs(epoch_ns(started_at) - $started_ns), run_id) <= $limit
order by started_at, run_id
