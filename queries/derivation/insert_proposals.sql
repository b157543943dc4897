-- Write what became of the tool calls that models asked for in the runs to be written: one row for all calls of a tool
-- that ended well in a run, and one for each other call. Hand-offs are none. A call is found again by its id, without one
-- by its place among its run's calls of that tool; whether another run made it is seen when somebody asks.
insert into proposals by name
with asked as (
    select asked_calls.*
    from asked_calls
    semi join outputs on asked_calls.run = outputs.run
    where asked_calls.tool_name is not null
        and not regexp_matches(asked_calls.tool_name, '^(transfer_to_|transfer_back_to_|hand_?off)')
),

executed as (
    select
        run,
        node,
        tool_call_id,
        coalesce(tool_name, name) as tool_name,
        start_ns
    from derived_steps
    where kind = 'tool' and counted
),

-- The calls that waited for permission, or were refused before they could start. An interrupt without a call id is told
-- by the tool that ran again to be refused.
stopped as (
    select
        outputs.run,
        approvals.node,
        approvals.step_id,
        approvals.tool_call_id,
        approvals.tool_name,
        case
            when approvals.decision in ('rejected', 'auto_denied') then 'denied'
            when approvals.decision in ('aborted', 'expired') then 'cancelled'
            else 'pending'
        end as otherwise,
        approvals.reason,
        epoch_ns(coalesce(approvals.requested_at, approvals.decided_at)) as start_ns
    from derived_approvals as approvals
    inner join outputs on approvals.project = outputs.project and approvals.run_id = outputs.run_id
    anti join executed on approvals.node = executed.node
    where coalesce(approvals.decision, 'pending') in ('pending', 'rejected', 'auto_denied', 'aborted', 'expired')
        and approvals.tool_name is not null
        and (approvals.tool_call_id is not null or approvals.evidence = 'explicit')
),

-- Each with its place among the run's calls of its tool.
nameless as (
    select *
    from (
        select
            *,
            row_number() over (partition by run, tool_name order by start_ns, node) as place
        from (
            from executed
            union all by name
            from stopped
            where otherwise <> 'pending'
        )
        where (run, tool_name) in (
            select (run, tool_name)
            from executed
            where tool_call_id is null
            union all
            select (run, tool_name)
            from stopped
            where tool_call_id is null
        )
    )
    where tool_call_id is null
),

found as materialized (
    select
        asked.run,
        asked.node,
        asked.tool_call_id,
        asked.tool_name,
        asked.tool_args,
        calls.status,
        coalesce(calls.step_id, stopped_by_id.step_id, nameless.step_id) as step_id,
        calls.error_type,
        case
            when calls.status is null then coalesce(stopped_by_id.reason, nameless.reason) else calls.error_message
        end as error_message,
        case when calls.status is null then coalesce(stopped_by_id.otherwise, nameless.otherwise) end as otherwise
    from asked
    left join (
        select
            run,
            tool_call_id,
            arg_min(node, start_ns) as node
        from executed
        where tool_call_id is not null
        group by run, tool_call_id
    ) as executed_by_id on asked.run = executed_by_id.run and asked.tool_call_id = executed_by_id.tool_call_id
    left join (
        select
            run,
            tool_call_id,
            min(otherwise) as otherwise,
            min(case when otherwise <> 'pending' then step_id end) as step_id,
            min(reason) as reason
        from stopped
        where tool_call_id is not null
        group by run, tool_call_id
    ) as stopped_by_id on asked.run = stopped_by_id.run and asked.tool_call_id = stopped_by_id.tool_call_id
    left join nameless on asked.run = nameless.run and asked.tool_name = nameless.tool_name and asked.place = nameless.place
    left join derived_steps as calls
        on coalesce(executed_by_id.node, case when nameless.otherwise is null then nameless.node end) = calls.node
),

well as (
    select
        run,
        tool_name,
        count(*) as call_count
    from found
    where status = 'ok'
    group by run, tool_name
)

select
    runs.project,
    runs.run_id,
    runs.started_at,
    well.tool_name,
    well.call_count,
    'ok' as status,
    false as beside_ok,
    null as otherwise,
    null as step_id,
    null as agent_name,
    null as tool_call_id,
    null as tool_args,
    null as error_type,
    null as error_message,
    null as proposed_at
from well
inner join derived_runs as runs on well.run = runs.run
union all
select
    runs.project,
    runs.run_id,
    runs.started_at,
    found.tool_name,
    1 as call_count,
    found.status,
    well.run is not null as beside_ok,
    -- A final call whose arguments are the run's answer is no call, unless it may still come.
    case
        when found.otherwise is not null then found.otherwise
        when found.status is null and is_answer(found.tool_args, runs.output_preview) then 'answer'
    end as otherwise,
    coalesce(found.step_id, asking.step_id) as step_id,
    asking.agent_name,
    found.tool_call_id,
    found.tool_args,
    found.error_type,
    found.error_message,
    coalesce(asking.ended_at, asking.started_at) as proposed_at
from found
inner join derived_runs as runs on found.run = runs.run
inner join derived_steps as asking on found.node = asking.node
left join well on found.run = well.run and found.tool_name = well.tool_name
where found.status is distinct from 'ok'
