-- Has anything been committed whose records happened near this time? One row: the newest such commit.
select newest_commit($project, $since, $until) as batch_id
