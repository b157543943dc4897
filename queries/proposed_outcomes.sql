-- What became of the tool calls that models asked for? One row per tool that was asked for in the asked runs, the most
-- asked for first; with $tool that tool alone. proposed_count is the sum of the counts after it: the call ended well,
-- failed, was refused, was cancelled, may still run (pending or running), or never ran. Only what messages tell is known.
-- in_vain_rate = (error + denied + cancelled + never_ran) / (proposed - open)
select
    proposals.tool_name,
    count(*) as proposed_count,
    count(*) filter (where proposals.outcome = 'ok') as ok_count,
    count(*) filter (where proposals.outcome = 'error') as error_count,
    count(*) filter (where proposals.outcome = 'denied') as refused_count,
    count(*) filter (where proposals.outcome = 'cancelled') as cancelled_count,
    count(*) filter (where proposals.outcome = 'never_ran') as never_ran_count,
    count(*) filter (where proposals.outcome in ('pending', 'running')) as open_count,
    count(distinct proposals.run_id) as run_count,
    count(*) filter (where proposals.outcome in ('error', 'denied', 'cancelled', 'never_ran'))
    / nullif(count(*) filter (where proposals.outcome not in ('pending', 'running')), 0) as in_vain_rate
from proposals_with_outcome($now_ns, $project, $since_ns - 86400000000000) as proposals
where ($tool is null or proposals.tool_name = $tool)
    and proposals.run_id in (
        select asked.run_id
        from asked_runs(
            $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
            $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
        ) as asked
    )
group by proposals.tool_name
order by proposed_count desc, proposals.tool_name
limit $limit
