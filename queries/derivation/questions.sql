-- Which actions waited for permission, as far as their own run tells? One row per question (conventions, section 8).
-- Request and decision meet by the tool call's id, else the approval's, within the conversation; a human's word goes
-- before a policy's, a later one before an earlier. The question belongs to the run that asked.
-- A tool call that a model asked for and nobody ran is a question too; answers.sql says what became of it.
insert into derived_questions by name
with acts as (
    select
        steps.project,
        steps.run_id,
        steps.run,
        steps.node,
        steps.step_id,
        coalesce(steps.conversation_id, steps.run_id) as talk,
        steps.conversation_id,
        steps.workflow_name,
        steps.agent_name,
        steps.tool_name,
        steps.tool_call_id,
        oversight.approval_id,
        oversight.gate_policy,
        case when steps.pause = 'pending' then null else nullif(steps.approval_decision, 'pending') end as decision,
        oversight.approval_decider_type as decider_type,
        coalesce(oversight.approval_decider, case when oversight.approval_decider_type = 'human' then steps.user_id end)
            as decider,
        oversight.approval_reason as reason,
        case
            when steps.pause = 'pending' then coalesce(steps.tool_args, oversight.approval_args_before)
            else coalesce(oversight.approval_args_before, steps.tool_args)
        end as args_before,
        oversight.approval_args_after as args_after,
        oversight.wait_ms,
        coalesce(
            oversight.approval_requested_at,
            case when steps.status = 'pending' then coalesce(steps.ended_at, steps.started_at) end
        ) as requested_at,
        oversight.approval_decided_at as decided_at,
        steps.end_ns,
        case when steps.pause = 'pending' then 'content' else 'explicit' end as evidence
    from derived_steps as steps
    left join oversight on steps.row_id = oversight.row_id
    where steps.kind = 'approval'
        or (steps.kind = 'tool' and coalesce(steps.approval_decision, 'pending') <> 'pending' and steps.counted)
        or (steps.pause = 'pending' and steps.status = 'pending')
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
        coalesce(acts.tool_call_id, ids.tool_call_id, acts.approval_id, acts.step_id) as name,
        (acts.decider_type = 'human', acts.end_ns, acts.node) as weight,
        (acts.requested_at is null, acts.end_ns, acts.node) as first
    from acts
    left join ids on acts.project = ids.project and acts.talk = ids.talk and acts.approval_id = ids.approval_id
),

explicit as (
    select
        project,
        name,
        arg_min(run, first) as run,
        arg_min(run_id, first) as run_id,
        coalesce(arg_min(approval_id, first), name) as approval_id,
        arg_min(step_id, first) as step_id,
        arg_min(node, first) as node,
        arg_min(conversation_id, first) as conversation_id,
        arg_min(workflow_name, first) as workflow_name,
        arg_min(agent_name, first) as agent_name,
        arg_min(tool_name, first) as tool_name,
        arg_min(tool_call_id, first) as tool_call_id,
        arg_min(gate_policy, first) as gate_policy,
        min(requested_at) as requested_at,
        arg_max(decision, weight) as decision,
        arg_max(decider_type, weight) filter (where decision is not null) as decider_type,
        arg_max(decider, weight) filter (where decision is not null) as decider,
        arg_max(coalesce(decided_at, make_timestamp_ns(end_ns)), weight) filter (where decision is not null)
            as decided_at,
        arg_max(reason, weight) as reason,
        arg_min(args_before, first) as args_before,
        arg_max(args_after, weight) as args_after,
        max(wait_ms) as wait_ms,
        min(evidence) as evidence
    from keyed
    group by project, talk, name
),

-- Runs that say they wait, by whatever sign.
waiting as (
    select
        run,
        bool_or(
            approval_decision = 'pending' or pause = 'pending'
            or list_contains(coalesce(finish_reasons, []), 'interrupt')
        ) as says_so,
        coalesce(string_agg(output_preview, ' ') filter (where kind in ('agent', 'workflow') or is_root), '') as output
    from derived_steps
    where run in (select run from unanswered)
    group by run
)

select
    project,
    run,
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
    requested_at,
    decided_at,
    decision,
    decider_type,
    decider,
    reason,
    args_before,
    args_after,
    wait_ms,
    evidence,
    null::varchar as told,
    true as says_so
from explicit
union all
select
    steps.project,
    steps.run,
    steps.run_id,
    unanswered.tool_call_id as approval_id,
    steps.step_id,
    steps.node,
    steps.conversation_id,
    steps.workflow_name,
    steps.agent_name,
    unanswered.tool_name,
    unanswered.tool_call_id,
    null as gate_policy,
    make_timestamp_ns(unanswered.end_ns) as requested_at,
    null as decided_at,
    null as decision,
    null as decider_type,
    null as decider,
    null as reason,
    unanswered.tool_args as args_before,
    null as args_after,
    null as wait_ms,
    case
        when coalesce(waiting.says_so, false) or contains(waiting.output, unanswered.tool_call_id) then 'content'
        else 'inferred'
    end as evidence,
    told.tool_result as told,
    coalesce(waiting.says_so, false) or contains(waiting.output, unanswered.tool_call_id) as says_so
from unanswered
inner join waiting on unanswered.run = waiting.run
inner join derived_steps as steps on unanswered.node = steps.node
left join told_results as told on unanswered.run = told.run and unanswered.tool_call_id = told.tool_call_id
