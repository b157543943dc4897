-- The log records that carry messages, none yet.
create or replace temp table speech as
select
    project,
    trace_id,
    span_id,
    run_key,
    logged_at,
    input_preview,
    output_preview,
    proposed_calls,
    answered_calls
from log_records
limit 0
