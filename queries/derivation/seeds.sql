-- Which records does the rebuild start from? One row per touched trace or key, with the time it was touched at.
-- Times are nanoseconds since 1970, so that a margin can be added without leaving the range of a timestamp.
create or replace temp table seeds as
select
    project,
    trace_id,
    run_key,
    conversation_id,
    coalesce(min(epoch_ns(first_at)), 0) as since,
    coalesce(max(epoch_ns(last_at)), 0) as until
from handled
group by project, trace_id, run_key, conversation_id
