-- What does each run come to? One row per run; status follows from these facts in queries/views.sql.
-- Tokens and cost are those of counted model and embedding calls, and of agents that report a total without any such
-- call below them; a sum of nothing known is null. The root is the earliest span without a parent, and the run has
-- ended with it unless an agent, model or tool started later.
create or replace temp table derived_runs as
with roots as (
    select
        run,
        min(node) as node
    from derived_steps
    where is_root and not is_judgement and kind not in ('human', 'approval', 'guardrail')
    group by run
),

-- The outermost agents whose totals stand for model calls that nobody reported.
totals as (
    select
        steps.run,
        steps.node,
        steps.rollup_input_tokens,
        steps.rollup_output_tokens,
        steps.cost_usd
    from derived_steps as steps
    left join derived_steps as above on steps.agent_node = above.node
    where steps.kind in ('agent', 'workflow') and steps.usage_below = 0
        and coalesce(steps.rollup_input_tokens, steps.rollup_output_tokens) is not null
        and (
            above.node is null or above.usage_below > 0
            or coalesce(above.rollup_input_tokens, above.rollup_output_tokens) is null
        )
),

usage as (
    select
        run,
        sum(input_tokens)::bigint as input_tokens,
        sum(output_tokens)::bigint as output_tokens,
        sum(cache_read_tokens)::bigint as cache_read_tokens,
        sum(cache_write_tokens)::bigint as cache_write_tokens,
        sum(reasoning_tokens)::bigint as reasoning_tokens,
        -- In one order, so that the sum is the same however the records came.
        sum(cost_usd order by cost_usd) as cost_usd,
        count(*) filter (where cost_usd is null and coalesce(input_tokens, output_tokens) is not null) as unpriced_count
    from (
        select
            run,
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            cost_usd
        from derived_steps
        where counted and kind in ('llm', 'embedding')
        union all
        select
            run,
            rollup_input_tokens,
            rollup_output_tokens,
            null,
            null,
            null,
            cost_usd
        from totals
    )
    group by run
),

-- What the agent did, without the humans, judges and gates around it.
work as (
    select
        steps.run,
        steps.node,
        steps.kind,
        steps.status,
        steps.depth,
        steps.start_ns,
        steps.end_ns,
        steps.node = roots.node as is_top,
        len(coalesce(steps.proposed_calls, [])) > 0 or list_contains(coalesce(steps.finish_reasons, []), 'tool_calls')
            as asks
    from derived_steps as steps
    left join roots on steps.run = roots.run
    where steps.counted and steps.kind in ('agent', 'llm', 'tool', 'retrieval', 'embedding', 'workflow')
),

lasts as (
    select
        run,
        max(start_ns) as last_start_ns,
        max(start_ns) filter (where kind = 'llm') as last_llm_start_ns,
        arg_max(status, (end_ns, start_ns, depth, node)) filter (where not coalesce(is_top, false)) as last_status,
        coalesce(arg_max(asks, (end_ns, start_ns, node)) filter (where kind = 'llm'), false) as asks,
        max(start_ns) filter (where kind in ('llm', 'tool') and status = 'ok') as last_success_ns
    from work
    group by run
),

pending as (
    select
        project,
        run_id,
        count(*) as approval_count,
        count(*) filter (where decision is null) as pending_count,
        max(epoch_ns(requested_at)) filter (where decision is null) as asked_ns
    from derived_approvals
    group by project, run_id
),

corrected as (
    select
        project,
        run_id,
        count(*) filter (where strength <> 'weak') as correction_count
    from derived_corrections
    group by project, run_id
),

-- Where it broke: the innermost, then last, of the failures that no later model call or tool made good.
failures as (
    select
        steps.run,
        arg_max(steps.node, (steps.depth, steps.end_ns, steps.node)) as node,
        arg_max(steps.error_type, (steps.depth, steps.end_ns, steps.node)) as error_type,
        arg_max(steps.error_message, (steps.depth, steps.end_ns, steps.node)) as error_message
    from derived_steps as steps
    left join lasts on steps.run = lasts.run
    where steps.status = 'error' and (lasts.last_success_ns is null or lasts.last_success_ns < steps.end_ns)
        and steps.node not in (select node from leaders)
    group by steps.run
),

tops as (
    select
        run,
        arg_min(project, node) as project,
        arg_min(run_id, node) as run_id,
        arg_min(name, root_place) filter (where not is_judgement) as name,
        arg_min(workflow_name, node) filter (where not is_judgement) as workflow_name,
        arg_min(agent_name, depth_place) filter (where not is_judgement and kind = 'agent') as top_agent_name,
        arg_min(agent_name, depth_place) filter (where not is_judgement and kind <> 'other') as agent_name,
        arg_min(service_name, root_place) filter (where not is_judgement) as service_name,
        arg_min(service_version, root_place) filter (where not is_judgement) as service_version,
        arg_min(environment, node) filter (where not is_judgement) as environment,
        arg_min(conversation_id, root_place) filter (where not is_judgement) as conversation_id,
        arg_min(user_id, root_place) filter (where not is_judgement) as user_id,
        arg_min(
            input_preview,
            case
                when kind in ('workflow', 'agent') or (is_root and kind <> 'llm') then 0
                else 4611686018427387904
            end
            + case kind when 'human' then 0 else 2305843009213693952 end
            + depth_place
        ) filter (where not is_judgement and (kind in ('workflow', 'agent', 'llm', 'human') or is_root)) as input_preview,
        coalesce(
            arg_min(output_preview, (depth, -end_ns)) filter (
                where not is_judgement and (kind in ('workflow', 'agent') or is_root)
            ),
            arg_max(output_preview, end_ns::hugeint * 4294967296 + node) filter (where not is_judgement and kind = 'llm')
        ) as output_preview,
        min(start_ns) filter (where not is_judgement) as start_ns,
        max(end_ns) filter (where not is_judgement) as end_ns,
        min(start_ns) as first_ns,
        max(greatest(start_ns, end_ns)) as last_ns,
        count(*) filter (where counted) as step_count,
        count(*) filter (where counted and kind = 'llm') as llm_call_count,
        count(*) filter (where counted and kind = 'tool') as tool_call_count,
        count(*) filter (where counted and status = 'error') as error_count
    from (
        -- Places as single numbers, which compare faster than rows: the root before the rest, the outer before the inner.
        select
            *,
            case when is_root then 0 else 1099511627776 end + node as root_place,
            depth * 4294967296 + node as depth_place
        from derived_steps
    )
    group by run
    having bool_or(not is_judgement)
),

facts as (
    select
        tops.*,
        roots.node as root_node,
        root_steps.status as root_status,
        root_steps.start_ns as root_start_ns,
        root_steps.end_ns as root_end_ns,
        -- A second's grace for clocks that differ between services.
        coalesce(root_steps.ended_at is not null and lasts.last_start_ns <= root_steps.end_ns + 1000000000, false)
            as has_root,
        coalesce(pending.approval_count, 0) as approval_count,
        coalesce(pending.pending_count, 0) as pending_count,
        -- It waits if no model was called after the question.
        coalesce(pending.pending_count > 0 and coalesce(lasts.last_llm_start_ns, 0) <= pending.asked_ns, false) as waits,
        coalesce(corrected.correction_count, 0) as correction_count,
        lasts.last_status,
        lasts.asks
    from tops
    left join roots on tops.run = roots.run
    left join derived_steps as root_steps on roots.node = root_steps.node
    left join lasts on tops.run = lasts.run
    left join pending on tops.project = pending.project and tops.run_id = pending.run_id
    left join corrected on tops.project = corrected.project and tops.run_id = corrected.run_id
),

judged as (
    select
        facts.*,
        case
            when root_status = 'error' and has_root or last_status = 'error' then 'error'
            when waits then 'waiting'
            when has_root then 'ok'
            when last_status is not null and last_status <> 'running' and not asks then 'ok'
        end as outcome
    from facts
)

select
    judged.project,
    judged.run_id,
    judged.run,
    coalesce(run_lists.trace_ids, []) as trace_ids,
    coalesce(
        judged.workflow_name, judged.top_agent_name, case when not judged.has_root then judged.agent_name end, judged.name
    ) as name,
    judged.workflow_name,
    coalesce(judged.top_agent_name, judged.agent_name) as agent_name,
    coalesce(run_lists.agent_names, []) as agent_names,
    judged.service_name,
    coalesce(run_lists.service_names, []) as service_names,
    judged.environment,
    judged.service_version,
    judged.conversation_id,
    judged.user_id,
    judged.input_preview,
    judged.output_preview,
    make_timestamp_ns(judged.start_ns) as started_at,
    case when judged.has_root then make_timestamp_ns(judged.root_end_ns) end as ended_at,
    make_timestamp_ns(judged.end_ns) as last_activity_at,
    make_timestamp_ns(judged.first_ns) as first_record_at,
    make_timestamp_ns(judged.last_ns) as last_record_at,
    case
        when judged.has_root then judged.root_end_ns - judged.root_start_ns
        else judged.end_ns - judged.start_ns
    end / 1e6 as duration_ms,
    judged.has_root,
    judged.outcome,
    judged.pending_count,
    false as continued,
    judged.step_count,
    judged.llm_call_count,
    judged.tool_call_count,
    judged.error_count,
    usage.input_tokens,
    usage.output_tokens,
    usage.cache_read_tokens,
    usage.cache_write_tokens,
    usage.reasoning_tokens,
    usage.cost_usd,
    coalesce(usage.unpriced_count, 0) as unpriced_count,
    judged.approval_count,
    judged.correction_count,
    coalesce(run_lists.models, []) as models,
    coalesce(run_lists.requested_models, []) as requested_models,
    coalesce(run_lists.tool_names, []) as tool_names,
    coalesce(run_lists.offered_tools, []) as offered_tools,
    case when judged.outcome = 'error' then failed.step_id end as error_step_id,
    case when judged.outcome = 'error' then coalesce(failures.error_type, root_steps.error_type) end as error_type,
    case when judged.outcome = 'error' then coalesce(failures.error_message, root_steps.error_message) end
        as error_message,
    coalesce(run_lists.dialects, []) as dialects,
    coalesce(run_lists.flaws, []) as flaws,
    coalesce(run_lists.labels, []) as labels
from judged
left join run_lists on judged.run = run_lists.run
left join usage on judged.run = usage.run
left join failures on judged.run = failures.run
left join derived_steps as failed on coalesce(failures.node, judged.root_node) = failed.node
left join derived_steps as root_steps on judged.root_node = root_steps.node
