-- No run is linked by a tool call, yet or at all.
create or replace temp table linked_runs as
select
    project,
    run_id,
    false as is_affected
from runs
limit 0
