-- How many runs are kept, by project and status?
select
    project,
    status,
    count(*) as run_count
from runs_at($now_ns)
where ($projects is null or list_contains($projects, project))
group by project, status
order by project, status
