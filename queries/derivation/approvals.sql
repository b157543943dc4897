-- What became of each question? One row per question; those that turn out to be none are left out (a tool outside
-- this telemetry, an output tool, a conversation that went on without an answer that can be read).
-- Where no record decides, the answer is read from what came after, in the run or in a later one of its conversation,
-- or anywhere by the tool call's id: the resuming root's decision, else that the call ran (with other arguments:
-- approved_modified), else that the model was told a refusal.
insert into derived_approvals by name
with run_starts as (
    select
        project,
        run,
        arg_min(conversation_id, node) as conversation_id,
        min(start_ns) as start_ns
    from derived_steps
    group by project, run
),

placed as (
    select
        project,
        run,
        conversation_id,
        start_ns,
        case
            when conversation_id is not null
                then row_number() over (partition by project, conversation_id order by start_ns, run)
        end as place
    from run_starts
),

later_runs as (
    select
        asking.run as asking_run,
        later.run,
        later.start_ns,
        later.place - asking.place as distance
    from placed as asking
    inner join placed as later
        on asking.project = later.project and asking.conversation_id = later.conversation_id
            and later.place > asking.place and later.place <= asking.place + 20
    where asking.run in (select run from derived_questions where decision is null)
),

-- Tool calls that may be what was asked for: by their id wherever it is one provider's own, else within the run and
-- those after it; by their name, where the question has no id, in the run and the one after it.
candidates as (
    select
        questions.project,
        questions.run,
        questions.approval_id,
        questions.requested_at,
        steps.node
    from derived_questions as questions
    inner join derived_steps as steps
        on questions.project = steps.project and questions.tool_call_id = steps.tool_call_id
    left join later_runs on questions.run = later_runs.asking_run and steps.run = later_runs.run
    where questions.decision is null
        and (later_runs.run is not null or steps.run = questions.run or length(steps.tool_call_id) >= 12)
    union
    select
        questions.project,
        questions.run,
        questions.approval_id,
        questions.requested_at,
        steps.node
    from derived_questions as questions
    inner join derived_steps as steps on questions.run = steps.run and questions.tool_name = steps.tool_name
    where questions.decision is null and questions.tool_call_id is null
    union
    select
        questions.project,
        questions.run,
        questions.approval_id,
        questions.requested_at,
        steps.node
    from derived_questions as questions
    inner join later_runs on questions.run = later_runs.asking_run and later_runs.distance = 1
    inner join derived_steps as steps on later_runs.run = steps.run and questions.tool_name = steps.tool_name
    where questions.decision is null and questions.tool_call_id is null
),

executed as (
    select
        candidates.project,
        candidates.run,
        candidates.approval_id,
        arg_min(steps.node, (steps.tool_call_id is null, steps.start_ns, steps.node)) as node,
        min(starts.start_ns) as resumed_ns
    from candidates
    inner join derived_steps as steps
        on candidates.node = steps.node and steps.start_ns >= epoch_ns(candidates.requested_at)
    inner join placed as starts on steps.run = starts.run
    where steps.kind = 'tool' and steps.counted and steps.signal <> 'message'
    group by candidates.project, candidates.run, candidates.approval_id
),

told as (
    select
        questions.project,
        questions.run,
        questions.approval_id,
        arg_min(results.tool_result, (results.start_ns, results.node)) as tool_result,
        min(starts.start_ns) as resumed_ns
    from derived_questions as questions
    inner join told_results as results
        on questions.project = results.project and questions.tool_call_id = results.tool_call_id
            and results.run <> questions.run and results.start_ns >= epoch_ns(questions.requested_at)
    inner join placed as starts on results.run = starts.run
    left join later_runs on questions.run = later_runs.asking_run and results.run = later_runs.run
    where questions.decision is null and (later_runs.run is not null or length(results.tool_call_id) >= 12)
    group by all
),

-- What the next run of the conversation was resumed with.
resumed as (
    select
        later_runs.asking_run as run,
        arg_min(nullif(steps.approval_decision, 'pending'), steps.node) as decision,
        arg_min(oversight.approval_reason, steps.node) as reason,
        arg_min(oversight.approval_args_after, steps.node) as args_after,
        any_value(later_runs.run) as by_run,
        any_value(later_runs.start_ns) as resumed_ns
    from later_runs
    inner join derived_steps as steps on later_runs.run = steps.run and later_runs.distance = 1
    left join oversight on steps.row_id = oversight.row_id
    where steps.kind not in ('approval', 'tool')
        and (coalesce(steps.approval_decision, 'pending') <> 'pending' or oversight.approval_args_after is not null)
    group by later_runs.asking_run
),

gathered as (
    select
        questions.*,
        executed.node as answer_node,
        resumed.decision as resumed_decision,
        resumed.reason as resumed_reason,
        with_changes(questions.args_before, resumed.args_after) as resumed_args,
        resumed.by_run,
        ran.tool_args as ran_args,
        ran.tool_result as ran_result,
        coalesce(told.tool_result, questions.told) as told_result,
        coalesce(resumed.resumed_ns, executed.resumed_ns, told.resumed_ns) as resumed_ns,
        questions.run in (select asking_run from later_runs) as went_on,
        bool_or(executed.node is not null) over (partition by questions.run) as some_ran
    from derived_questions as questions
    left join executed
        on questions.project = executed.project and questions.run = executed.run
            and questions.approval_id = executed.approval_id
    left join told
        on questions.project = told.project and questions.run = told.run
            and questions.approval_id = told.approval_id
    left join resumed on questions.run = resumed.run and questions.decision is null and questions.evidence = 'content'
    left join derived_steps as ran on executed.node = ran.node
),

judged as (
    select
        gathered.*,
        coalesce(
            decision,
            resumed_decision,
            case
                when reads_refused(ran_result) then 'rejected'
                when answer_node is not null then 'approved'
                when reads_refused(told_result) or (told_result is not null and told is null and (says_so or some_ran))
                    then 'rejected'
            end
        ) as said,
        coalesce(args_after, resumed_args, case when answer_node is not null then ran_args end) as final_args
    from gathered
)

select
    project,
    run_id,
    approval_id,
    step_id,
    node,
    answer_node,
    by_run,
    case when said in ('approved', 'approved_modified') then resumed_args end as resumed_args,
    conversation_id,
    workflow_name,
    agent_name,
    tool_name,
    tool_call_id,
    gate_policy,
    coalesce(requested_at, decided_at - to_microseconds((wait_ms * 1000)::bigint)) as requested_at,
    coalesce(
        decided_at,
        case when said is not null then make_timestamp_ns(coalesce(resumed_ns, epoch_ns(requested_at))) end
    ) as decided_at,
    case
        when said = 'approved' and decider_type in ('policy', 'hook', 'model') then 'auto_approved'
        when said = 'rejected' and decider_type in ('policy', 'hook', 'model') then 'auto_denied'
        when said = 'approved' and normal_json(final_args) <> normal_json(args_before) then 'approved_modified'
        else said
    end as decision,
    coalesce(decider_type, case when said is not null and evidence <> 'explicit' then 'human' end) as decider_type,
    decider,
    coalesce(reason, resumed_reason, case when said = 'rejected' and decision is null then coalesce(ran_result, told_result) end)
        as reason,
    args_before,
    case when said in ('approved', 'approved_modified') then final_args end as args_after,
    coalesce(
        wait_ms,
        (coalesce(epoch_ns(decided_at), case when said is not null then resumed_ns end) - epoch_ns(requested_at)) / 1e6
    ) as wait_ms,
    evidence
from judged
where evidence = 'explicit' or said is not null or (says_so and told_result is null and not went_on)
