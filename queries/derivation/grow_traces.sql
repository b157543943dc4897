-- The traces of the related runs and of the records found join the scope.
insert into scope_traces
select
    project,
    trace_id
from (
    select
        project,
        unhex(unnest(trace_ids)) as trace_id
    from scope_runs
    union
    select
        project,
        trace_id
    from found
    where trace_id is not null
) as members
anti join scope_traces using (project, trace_id)
