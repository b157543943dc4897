-- Which projects are there? One row per project that holds anything, with its runs, its newest commit,
-- and how many traces still wait for their summary. Whoever may see some projects only is told all of these.
select
    coalesce(named.project, batches.project, counted.project) as project,
    coalesce(counted.run_count, 0) as run_count,
    counted.last_activity_at,
    batches.last_commit_at,
    coalesce(waiting.waiting_count, 0) as waiting_count
from (
    select
        project,
        max(committed_at) as last_commit_at
    from ingest_batches
    group by project
) as batches
full join (
    select
        project,
        count(*) as run_count,
        max(last_activity_at) as last_activity_at
    from runs
    group by project
) as counted on batches.project = counted.project
full join (
    select unnest($projects::varchar[]) as project
) as named on coalesce(batches.project, counted.project) = named.project
left join (
    select
        project,
        count(*) as waiting_count
    from touched
    group by project
) as waiting on coalesce(named.project, batches.project, counted.project) = waiting.project
where ($projects is null or named.project is not null)
order by project
