-- Which weekly reports were made? One row per report of a project, the newest week first, of each week that of all
-- workflows (null) first, the latest version before those it took the place of. is_final: made after the week was over.
select
    week,
    tz,
    workflow,
    version,
    made_at,
    is_final,
    kept_at
from weekly_reports
where project = $project and ($week is null or week = $week)
order by week desc, workflow nulls first, tz, version desc
limit $limit
