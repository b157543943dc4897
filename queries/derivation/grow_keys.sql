-- The keys of the related runs and of the records found join the scope, and their conversations, which are the keys
-- of logs without a trace.
insert into scope_keys
select
    project,
    run_key
from (
    select
        project,
        unnest([run_id, conversation_id]) as run_key
    from scope_runs
    union
    select
        project,
        run_key
    from found
    union
    select
        project,
        conversation_id
    from scope_conversations
) as members
anti join scope_keys using (project, run_key)
where run_key is not null
