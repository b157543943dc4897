-- Who did what? One row per act in the window, the newest first: in the project and, for those who may see all projects,
-- also what is of no one project, such as a key that was made.
select
    done_at,
    who,
    via,
    role,
    key_id,
    act,
    about,
    project
from audit_log
where (project = $project or (project is null and $projects is null))
    and done_at >= make_timestamp_ns($since_ns) and done_at < make_timestamp_ns($until_ns)
    and ($who is null or who = $who)
    and ($act is null or act = $act)
order by done_at desc, who, act, about, via, key_id, project
limit $limit
