-- What became of the tool calls that models asked for? One row per tool that was asked for in the asked runs, the most
-- asked for first; with $tool that tool alone. proposed_count is the sum of the counts after it: the call ended well,
-- failed, was refused, was cancelled, may still run (pending or running), or never ran. Only what messages tell is known.
-- in_vain_rate = (error + denied + cancelled + never_ran) / (proposed - open)
select
    tool_name,
    sum(call_count)::bigint as proposed_count,
    coalesce(sum(call_count) filter (where outcome = 'ok'), 0)::bigint as ok_count,
    count(*) filter (where outcome = 'error') as error_count,
    count(*) filter (where outcome = 'denied') as refused_count,
    count(*) filter (where outcome = 'cancelled') as cancelled_count,
    count(*) filter (where outcome = 'never_ran') as never_ran_count,
    count(*) filter (where outcome in ('pending', 'running')) as open_count,
    count(*) filter (where is_well) + count(distinct run_place) filter (where not is_well and not beside_ok) as run_count,
    count(*) filter (where outcome in ('error', 'denied', 'cancelled', 'never_ran'))
    / nullif(proposed_count - open_count, 0) as in_vain_rate
from asked_proposals(
    $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool, $user,
    $conversation, $statuses, $evidence, $attributes, $words, $mentioned
)
where $tool is null or tool_name = $tool
group by tool_name
order by proposed_count desc, tool_name
limit $limit
