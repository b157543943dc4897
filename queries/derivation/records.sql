-- Read the found records in one stretch of the table. A tool span that only recorded an interrupt asked and did not run:
-- it is the question, and the tool runs again on resume.
insert into records
select
    rowid as row_id,
    epoch_ns(coalesce(started_at, ended_at, received_at)) as start_ns,
    epoch_ns(coalesce(ended_at, started_at, received_at)) as end_ns,
    spans.* replace (case when kind = 'tool' and pause = 'pending' then 'approval' else kind end as kind)
from spans
where rowid between $first_row and $last_row and rowid in (select row_id from found)
