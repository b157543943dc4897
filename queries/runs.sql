-- What ran? One row per run that started in the window and passes the filters, newest first unless $sort says else.
-- A page begins after the run that the cursor names ($after_…); the order is total: the sorted value, start, id.
-- $words must all occur in a run's names, ids, error or previews, in any case.
with asked as (
    select
        run_id,
        trace_ids,
        name,
        workflow_name,
        agent_name,
        agent_names,
        service_name,
        environment,
        service_version,
        conversation_id,
        user_id,
        input_preview,
        output_preview,
        status,
        started_at,
        ended_at,
        last_activity_at,
        duration_ms,
        pending_count,
        step_count,
        llm_call_count,
        tool_call_count,
        error_count,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        reasoning_tokens,
        cost_usd,
        unpriced_count,
        approval_count,
        correction_count,
        models,
        tool_names,
        error_step_id,
        error_type,
        error_message,
        dialects,
        flaws,
        epoch_ns(started_at) as started_ns,
        coalesce(case $sort
            when 'duration' then duration_ms
            when 'cost' then cost_usd
            when 'tokens' then coalesce(input_tokens, 0) + coalesce(output_tokens, 0)
            when 'errors' then error_count
            else 0
        end, -1)::double as sort_value,
        lower(concat_ws(
            ' ', run_id, array_to_string(trace_ids, ' '), name, workflow_name, array_to_string(agent_names, ' '),
            array_to_string(service_names, ' '), service_version, conversation_id, user_id, input_preview,
            output_preview, error_type, error_message, array_to_string(models, ' '), array_to_string(tool_names, ' ')
        )) as words
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes
    )
)

select asked.* exclude (words)
from asked
where ($after_id is null or (sort_value, started_ns, run_id) < ($after_value, $after_ns, $after_id))
    and len(list_filter($words, lambda word: not contains(asked.words, word))) = 0
order by sort_value desc, started_ns desc, run_id desc
limit $limit
