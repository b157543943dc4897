-- Where did a human change, refuse, redo or mark down an agent's work? One row per act (conventions, section 9).
-- A decision and a record of their own about the same tool call are one act.
insert into derived_corrections by name
with acts as (
    select
        approvals.project,
        approvals.run_id,
        approvals.step_id,
        approvals.tool_call_id,
        approvals.decided_at as corrected_at,
        case approvals.decision when 'rejected' then 'rejected_action' else 'modified_args' end as kind,
        'tool_call' as target,
        approvals.args_before as value_before,
        approvals.args_after as value_after,
        approvals.decider as corrected_by,
        approvals.reason,
        approvals.evidence,
        coalesce(approvals.tool_call_id, approvals.step_id) as name,
        2 as place
    from derived_approvals as approvals
    where approvals.decision in ('rejected', 'approved_modified') and coalesce(approvals.decider_type, 'human') = 'human'
    union all
    select
        steps.project,
        steps.run_id,
        steps.step_id,
        steps.tool_call_id,
        make_timestamp_ns(steps.end_ns) as corrected_at,
        oversight.correction_kind as kind,
        oversight.correction_target as target,
        oversight.correction_before as value_before,
        oversight.correction_after as value_after,
        oversight.correction_by as corrected_by,
        oversight.correction_reason as reason,
        'explicit' as evidence,
        coalesce(steps.tool_call_id, steps.step_id) as name,
        1 as place
    from derived_steps as steps
    inner join oversight on steps.row_id = oversight.row_id
    where oversight.correction_kind is not null
        -- The resumed run's root repeats the decision that is counted where the question was asked.
        and not (
            steps.kind <> 'human' and steps.tool_call_id is null
            and steps.run in (
                select by_run
                from derived_approvals
                where by_run is not null and decision in ('rejected', 'approved_modified')
            )
        )
    union all
    select
        steps.project,
        steps.run_id,
        steps.step_id,
        steps.tool_call_id,
        make_timestamp_ns(steps.end_ns) as corrected_at,
        'negative_feedback' as kind,
        coalesce(oversight.correction_target, 'output') as target,
        null as value_before,
        null as value_after,
        oversight.correction_by as corrected_by,
        coalesce(oversight.correction_reason, oversight.evaluation_explanation) as reason,
        'explicit' as evidence,
        steps.step_id as name,
        3 as place
    from derived_steps as steps
    inner join oversight on steps.row_id = oversight.row_id
    where oversight.correction_kind is null and oversight.evaluator_type = 'human'
        and (
            lower(oversight.evaluation_label) in (
                'fail', 'failed', 'negative', 'bad', 'thumbs_down', 'down', 'false', 'no', 'incorrect', 'wrong'
            )
            or (oversight.evaluation_label is null and oversight.evaluation_score <= 0)
        )
)

select
    project,
    run_id,
    coalesce(arg_min(step_id, place) filter (where place <> 2), name) as correction_id,
    arg_min(step_id, place) as step_id,
    arg_min(tool_call_id, place) as tool_call_id,
    min(corrected_at) as corrected_at,
    arg_min(kind, place) as kind,
    case
        when arg_min(kind, place) in ('rerun', 'rollback_by_user', 'negative_feedback') then 'medium'
        when arg_min(kind, place) = 'low_survival' then 'weak'
        else 'strong'
    end as strength,
    arg_min(target, place) as target,
    arg_min(value_before, place) as value_before,
    arg_min(value_after, place) as value_after,
    arg_min(corrected_by, place) as corrected_by,
    arg_min(reason, place) as reason,
    arg_min(evidence, place) as evidence
from acts
group by project, run_id, name
