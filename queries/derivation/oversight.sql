-- Which of the records found in one stretch of the table say something of permissions or corrections? Few do.
insert into oversight
select
    rowid as row_id,
    approval_id,
    approval_decider_type,
    approval_decider,
    approval_reason,
    approval_requested_at,
    approval_decided_at,
    approval_args_before,
    approval_args_after,
    gate_policy,
    wait_ms,
    correction_kind,
    correction_target,
    correction_before,
    correction_after,
    correction_by,
    correction_reason,
    evaluator_type,
    evaluation_score,
    evaluation_label,
    evaluation_explanation
from spans
where rowid between $first_row and $last_row and rowid in (select row_id from found)
    and (
        approval_id is not null or approval_decider_type is not null or approval_decider is not null
        or approval_reason is not null or approval_requested_at is not null or approval_decided_at is not null
        or approval_args_before is not null or approval_args_after is not null or gate_policy is not null
        or wait_ms is not null or correction_kind is not null or evaluator_type = 'human'
    )
