-- Which attribute, tag and metadata keys can runs be narrowed by? One row per key that the newest 2,000 runs of the
-- window have, the most frequent first.
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
    select
        runs.rowid as place,
        unnest(runs.labels) as label
    from runs
    inner join newest on runs.rowid = newest.place
)

select
    split_part(label, '=', 1) as key,
    count(distinct place) as run_count,
    count(distinct label) as value_count
from labelled
group by key
order by run_count desc, key
limit $limit
