-- What did humans change, refuse or mark down in this run? One row per act, in time order.
select
    correction_id,
    step_id,
    tool_call_id,
    corrected_at,
    kind,
    strength,
    target,
    value_before,
    value_after,
    corrected_by,
    reason,
    evidence
from corrections
where project = $project and run_id = $run_id
order by corrected_at, correction_id
