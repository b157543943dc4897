-- Which conversations do the seeds belong to, and when? A trace's conversation may be told by a record sent earlier.
create or replace temp table scope_conversations as
select
    project,
    conversation_id,
    min(since) as since,
    max(until) as until
from (
    select
        project,
        conversation_id,
        since,
        until
    from seeds
    union all
    select
        found.project,
        found.conversation_id,
        found.start_ns,
        found.start_ns
    from found
    where (found.project, found.trace_id) in (select (project, trace_id) from seeds)
        or (found.project, found.run_key) in (select (project, run_key) from seeds)
)
where conversation_id is not null
group by project, conversation_id
