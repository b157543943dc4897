-- What did humans correct in the runs that began in the window? One row per act.
select
    corrections.run_id,
    corrections.correction_id,
    corrections.step_id,
    corrections.tool_call_id,
    corrections.corrected_at,
    corrections.kind,           -- modified_args, edited_output, rejected_action, takeover and so on
    corrections.strength,       -- strong, medium or weak; weak ones are in no rate
    corrections.target,
    corrections.value_before,
    corrections.value_after,
    corrections.corrected_by,
    corrections.reason,
    corrections.evidence        -- explicit, content or inferred: how sure we are
from corrections
inner join runs on corrections.project = runs.project and corrections.run_id = runs.run_id
where corrections.project = $project
    and runs.started_at >= make_timestamp_ns($since_ns) and runs.started_at < make_timestamp_ns($until_ns)
