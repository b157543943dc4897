-- What ran? One row per run that started in the window and passes the filters, newest first unless $sort says else.
-- $direction is 1 for the largest first, -1 for the smallest; runs whose value is unknown come last in both.
-- A page begins after the run that the cursor names ($after_…); the order is total: the sorted value, start, id.
with asked as (
    select
        place,
        run_id,
        $direction * epoch_ns(started_at) as sort_time,
        coalesce($direction * case $sort
            when 'duration' then duration_ms
            when 'cost' then cost_usd
            when 'tokens' then coalesce(input_tokens + output_tokens, input_tokens, output_tokens)
            when 'errors' then error_count
            else 0
        end, -1e308)::double as sort_value
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

-- The wide columns are read for the runs of the page alone.
page as (
    select
        place,
        sort_time,
        sort_value
    from asked
    where $after_name is null or (sort_value, sort_time, run_id) < ($after_value, $after_time, $after_name)
    order by sort_value desc, sort_time desc, run_id desc
    limit $limit
)

select
    runs.run_id,
    runs.trace_ids,
    runs.name,
    runs.workflow_name,
    runs.agent_name,
    runs.agent_names,
    runs.service_name,
    runs.environment,
    runs.service_version,
    runs.conversation_id,
    runs.user_id,
    runs.input_preview,
    runs.output_preview,
    runs.status,
    runs.started_at,
    runs.ended_at,
    runs.last_activity_at,
    runs.duration_ms,
    runs.pending_count,
    runs.step_count,
    runs.llm_call_count,
    runs.tool_call_count,
    runs.error_count,
    runs.input_tokens,
    runs.output_tokens,
    runs.cache_read_tokens,
    runs.cache_write_tokens,
    runs.reasoning_tokens,
    runs.cost_usd,
    runs.unpriced_count,
    runs.approval_count,
    runs.correction_count,
    runs.models,
    runs.tool_names,
    runs.error_step_id,
    runs.error_type,
    runs.error_message,
    runs.dialects,
    runs.flaws,
    page.sort_time,
    page.sort_value,
    runs.run_id as sort_name
from runs_at($now_ns) as runs
inner join page on runs.place = page.place
order by page.sort_value desc, page.sort_time desc, runs.run_id desc
