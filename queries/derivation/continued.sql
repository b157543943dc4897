-- Did the conversation go on after each run? Set anew for the conversations at hand, since a later run, or an earlier
-- one, may have come or gone.
update runs
set continued = newest.started_at > runs.started_at
from (
    select
        project,
        conversation_id,
        max(started_at) as started_at
    from runs
    where (project, conversation_id) in (select (project, conversation_id) from scope_conversations)
    group by project, conversation_id
) as newest
where runs.project = newest.project and runs.conversation_id = newest.conversation_id
    and runs.continued <> (newest.started_at > runs.started_at)
