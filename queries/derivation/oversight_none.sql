-- What records say of permissions asked for and given, and of corrections, nothing yet.
create or replace temp table oversight (
    row_id bigint,
    approval_id varchar,
    approval_decider_type varchar,
    approval_decider varchar,
    approval_reason varchar,
    approval_requested_at timestamp_ns,
    approval_decided_at timestamp_ns,
    approval_args_before varchar,
    approval_args_after varchar,
    gate_policy varchar,
    wait_ms double,
    correction_kind varchar,
    correction_target varchar,
    correction_before varchar,
    correction_after varchar,
    correction_by varchar,
    correction_reason varchar,
    evaluator_type varchar,
    evaluation_score double,
    evaluation_label varchar,
    evaluation_explanation varchar
)
