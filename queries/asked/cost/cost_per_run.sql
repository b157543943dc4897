-- How much did each run cost, and how many cost as much? One row per range of costs that runs fell into, the cheapest
-- first: [cost_from_usd, cost_to_usd), cut at 1, 2 and 5 of each power of ten; runs that cost nothing are a row of
-- their own, and so are, last, those whose cost is unknown (no bounds). cost_usd is what the runs of the range cost.
with magnitudes as (
    select
        cost_usd,
        workflow_name,
        floor(log10(nullif(cost_usd, 0)))::integer as power
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

ranges as (
    select
        cost_usd,
        power,
        case when cost_usd >= 5 * 10.0::double ** power then 5 when cost_usd >= 2 * 10.0::double ** power then 2 else 1 end as lead
    from magnitudes
)

select
    case when cost_usd = 0 then 0 else lead * 10.0::double ** power end as cost_from_usd,
    case when cost_usd = 0 then 0 else case lead when 1 then 2 when 2 then 5 when 5 then 10 end * 10.0::double ** power end as cost_to_usd,
    count(*) as run_count,
    sum(cost_usd) as cost_usd
from ranges
group by all
order by cost_from_usd nulls last
