-- What did the runs cost by workflow, agent, step, tool, model, user or conversation ($by)? One row per value, the
-- dearest first, those without a known cost last; null stands for calls that have none. Sums are those of the runs.
-- By tool: a model call's cost falls on the tool calls that led to it, that is, those of the same run and agent that
-- started before it and after the model call before (attempts without tokens passed over); several share it equally,
-- and a call that no tool led to has no tool.
-- cost_share = cost_usd / total_cost_usd, of all values. cost_before_usd is of the runs of the window before.
with shares as (
    select
        value,
        agent_name,
        run_place,
        call_count,
        unpriced_count,
        input_tokens,
        output_tokens,
        cost_usd,
        run_started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_shares(
        $by, $latest_ns, $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

sums as (
    select
        value,
        agent_name,
        count(distinct run_place) filter (where is_asked) as run_count,
        coalesce(sum(call_count) filter (where is_asked), 0)::bigint as call_count,
        coalesce(sum(unpriced_count) filter (where is_asked), 0)::bigint as unpriced_count,
        round(sum(input_tokens) filter (where is_asked))::bigint as input_tokens,
        round(sum(output_tokens) filter (where is_asked))::bigint as output_tokens,
        sum(cost_usd) filter (where is_asked) as cost_usd,
        sum(cost_usd) filter (where not is_asked) as cost_before_usd
    from shares
    group by value, agent_name
)

select
    value,
    agent_name,
    run_count,
    call_count,
    unpriced_count,
    input_tokens,
    output_tokens,
    cost_usd,
    sum(cost_usd) over () as total_cost_usd,
    cost_usd / nullif(sum(cost_usd) over (), 0) as cost_share,
    cost_before_usd
from sums
where run_count > 0 or cost_before_usd is not null
order by cost_usd desc nulls last, cost_before_usd desc nulls last, value, agent_name
limit $limit
