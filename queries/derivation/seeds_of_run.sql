-- Start a derivation from one run: its traces, its key, and when it happened.
create or replace temp table seeds as
select
    $project as project,
    unhex(unnest($trace_ids::varchar[])) as trace_id,
    null::varchar as run_key,
    null::varchar as conversation_id,
    $since::bigint as since,
    $until::bigint as until
union all
select
    $project,
    null,
    $run_key,
    $conversation_id,
    $since,
    $until
