-- Which actions waited for permission, and what was decided? One row per question (conventions, section 8).
-- Request and decision meet by the tool call's id, else the approval's, within the conversation; a human's word goes
-- before a policy's, a later one before an earlier. The question belongs to the run that asked.
create or replace temp table derived_approvals as
with acts as (
    select
        steps.project,
        steps.run_id,
        steps.node,
        steps.step_id,
        coalesce(steps.conversation_id, steps.run_id) as talk,
        steps.conversation_id,
        steps.workflow_name,
        steps.agent_name,
        steps.tool_name,
        steps.tool_call_id,
        records.approval_id,
        records.gate_policy,
        case when steps.status = 'pending' then null else nullif(steps.approval_decision, 'pending') end as decision,
        records.approval_decider_type as decider_type,
        coalesce(records.approval_decider, case when records.approval_decider_type = 'human' then steps.user_id end)
            as decider,
        records.approval_reason as reason,
        coalesce(records.approval_args_before, case when records.pause = 'pending' then steps.tool_args end)
            as args_before,
        records.approval_args_after as args_after,
        records.wait_ms,
        coalesce(
            records.approval_requested_at,
            case when steps.status = 'pending' or records.pause = 'pending' then coalesce(records.ended_at, records.started_at) end
        ) as requested_at,
        records.approval_decided_at as decided_at,
        steps.end_ns,
        case when records.pause = 'pending' then 'content' else 'explicit' end as evidence
    from derived_steps as steps
    inner join records on steps.row_id = records.row_id
    where steps.kind = 'approval' or (steps.kind = 'tool' and coalesce(steps.approval_decision, 'pending') <> 'pending')
),

ids as (
    select
        project,
        talk,
        approval_id,
        max(tool_call_id) as tool_call_id
    from acts
    where approval_id is not null
    group by project, talk, approval_id
),

keyed as (
    select
        acts.*,
        coalesce(acts.tool_call_id, ids.tool_call_id, acts.approval_id, acts.step_id) as name
    from acts
    left join ids on acts.project = ids.project and acts.talk = ids.talk and acts.approval_id = ids.approval_id
),

questions as (
    select
        project,
        talk,
        name,
        arg_min(run_id, (requested_at is null, end_ns)) as run_id,
        coalesce(arg_min(approval_id, end_ns), name) as approval_id,
        arg_min(step_id, (requested_at is null, end_ns)) as step_id,
        arg_min(node, (requested_at is null, end_ns)) as node,
        arg_min(conversation_id, end_ns) as conversation_id,
        arg_min(workflow_name, end_ns) as workflow_name,
        arg_min(agent_name, end_ns) as agent_name,
        arg_min(tool_name, end_ns) as tool_name,
        arg_min(tool_call_id, end_ns) as tool_call_id,
        arg_min(gate_policy, end_ns) as gate_policy,
        min(requested_at) as requested_at,
        arg_max(decision, (decider_type = 'human', end_ns)) as said,
        arg_max(decider_type, (decider_type = 'human', end_ns)) filter (where decision is not null) as decider_type,
        arg_max(decider, (decider_type = 'human', end_ns)) filter (where decision is not null) as decider,
        arg_max(coalesce(decided_at, make_timestamp_ns(end_ns)), (decider_type = 'human', end_ns)) filter (
            where decision is not null
        ) as decided_at,
        arg_max(reason, end_ns) as reason,
        arg_min(args_before, end_ns) as args_before,
        arg_max(args_after, end_ns) as args_after,
        max(wait_ms) as wait_ms,
        min(evidence) as evidence
    from keyed
    group by project, talk, name
)

select
    project,
    run_id,
    approval_id,
    step_id,
    node,
    conversation_id,
    workflow_name,
    agent_name,
    tool_name,
    tool_call_id,
    gate_policy,
    coalesce(requested_at, decided_at - to_microseconds((wait_ms * 1000)::bigint)) as requested_at,
    decided_at,
    case
        when said = 'approved' and decider_type in ('policy', 'hook', 'model') then 'auto_approved'
        when said = 'rejected' and decider_type in ('policy', 'hook', 'model') then 'auto_denied'
        when said = 'approved' and args_after <> args_before then 'approved_modified'
        else said
    end as decision,
    decider_type,
    decider,
    reason,
    args_before,
    args_after,
    coalesce(wait_ms, (epoch_ns(decided_at) - epoch_ns(requested_at)) / 1e6) as wait_ms,
    evidence
from questions
