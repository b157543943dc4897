-- What a question's answer says of steps. A refused call did not run, whatever span it left: a tool waiting within for a
-- permission that was refused, or one that ran again only to be told so. An answered question waits no more. A call
-- resumed with other arguments ran with those, though its span repeats the ones it was asked with.
update derived_steps
set
    status = coalesce(answers.status, derived_steps.status),
    tool_args = coalesce(answers.tool_args, derived_steps.tool_args)
from (
    with decided as (
        select
            project,
            run_id,
            node,
            answer_node,
            tool_call_id,
            resumed_args,
            case
                when decision in ('rejected', 'auto_denied') then 'denied'
                when decision in ('aborted', 'expired') then 'cancelled'
            end as refusal,
            case
                when decision in ('rejected', 'auto_denied') then 'denied'
                when decision in ('aborted', 'expired') then 'cancelled'
                when decision = 'ask_failed' then 'error'
                else 'ok'
            end as outcome
        from derived_approvals
        where decision is not null
    ),

    told as (
        select
            answer_node as node,
            refusal as status,
            resumed_args as tool_args
        from decided
        where answer_node is not null
        union all
        select
            steps.node,
            decided.refusal as status,
            null as tool_args
        from decided
        inner join derived_steps as steps
            on decided.project = steps.project and decided.tool_call_id = steps.tool_call_id and steps.kind = 'tool'
                and (decided.run_id = steps.run_id or steps.signal = 'message')
        union all
        select
            steps.node,
            decided.outcome as status,
            null as tool_args
        from decided
        inner join derived_steps as steps on decided.node = steps.node and steps.status = 'pending'
    )

    select
        node,
        max(status) as status,
        max(tool_args) as tool_args
    from told
    group by node
) as answers
where derived_steps.node = answers.node
