-- Which runs go when this run, this conversation or all of these users is removed? One row per run, with where its
-- records are: its traces, and for records without a trace its key or conversation and when it was, in nanoseconds.
-- A run goes whole if any of its steps names the conversation or user.
select
    run_id,
    name,
    trace_ids,
    run_key_of(run_id) as run_key,
    conversation_id,
    epoch_ns(started_at) as since,
    epoch_ns(last_activity_at) as until
from runs
where project = $project
    and (
        run_id = $run_id
        or list_contains(trace_ids, lower($run_id))
        or conversation_id = $conversation_id
        or list_contains($user_ids::varchar[], user_id)
        or run_id in (
            select run_id
            from steps
            where project = $project
                and (conversation_id = $conversation_id or list_contains($user_ids::varchar[], user_id))
        )
    )
order by started_at, run_id
