-- Which values has an attribute, tag or metadata key? One row per value that the newest 2,000 runs
-- of the window have under $key, the most frequent first.
with newest as (
    select place
    from asked_runs(
        $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    order by started_at desc, run_id
    limit 2000
),

labelled as (
    select unnest(runs.labels) as label
    from runs
    inner join newest on runs.rowid = newest.place
)

select
    $key as key,
    label[len($key) + 2:] as value,
    count(*) as run_count
from labelled
where starts_with(label, $key || '=')
group by value
order by run_count desc, value
limit $limit
