-- Which attributes does nothing read? One row per project and key that is on no rule of the conventions ($read_keys,
-- where * stands for anything), on how many runs it is, the most frequent first, over the newest 2,000 runs that began in
-- the window. Runs can be filtered by such a key all the same, and a step shows it.
with keyed as (
    select
        project,
        run_id,
        split_part(unnest(labels), '=', 1) as key
    from (
        select
            project,
            run_id,
            labels
        from runs
        where ($project is null or project = $project)
            and ($projects is null or list_contains($projects, project))
            and started_at >= make_timestamp_ns($since_ns) and started_at < make_timestamp_ns($until_ns)
        order by started_at desc, run_id
        limit 2000
    )
),

counted as (
    select
        project,
        key,
        count(distinct run_id) as run_count
    from keyed
    group by project, key
)

select
    project,
    key,
    run_count
from counted
where len(list_filter($read_keys::varchar[], lambda read_key: key glob read_key)) = 0
order by run_count desc, project, key
limit $limit
