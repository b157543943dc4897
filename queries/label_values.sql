-- Which values has an attribute, tag or metadata key? One row per value that the newest 2,000 runs
-- of the window have under $key, the most frequent first.
select
    $key as key,
    label[len($key) + 2:] as value,
    count(*) as run_count
from (
    select unnest(labels) as label
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    order by started_at desc, run_id
    limit 2000
)
where starts_with(label, $key || '=')
group by value
order by run_count desc, value
limit $limit
