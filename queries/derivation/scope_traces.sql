-- Which traces belong to what is being derived? Starts as the seeds' and grows (grow_traces.sql).
create or replace temp table scope_traces as
select distinct
    project,
    trace_id
from seeds
where trace_id is not null
