-- The corrections of runs, none yet.
create or replace temp table derived_corrections (
    project varchar,
    run_id varchar,
    correction_id varchar,
    step_id varchar,
    tool_call_id varchar,
    corrected_at timestamp_ns,
    kind varchar,
    strength varchar,
    target varchar,
    value_before varchar,
    value_after varchar,
    corrected_by varchar,
    reason varchar,
    evidence varchar
)
