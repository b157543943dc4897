-- What did the run just derived do? One row per step as stored_run_steps.sql gives it, from the records at hand.
-- What only other runs tell comes from the summary, if there is one: a question that was answered later is pending no
-- more, and a tool that ran with arguments that a human changed, or only to be refused, says so.
select
    derived_steps.* exclude (run, node, row_id) replace (
        case
            when derived_steps.kind = 'tool' then coalesce(summary.tool_args, derived_steps.tool_args)
            else derived_steps.tool_args
        end as tool_args,
        case
            when derived_steps.kind = 'tool' and summary.status in ('denied', 'cancelled') then summary.status
            when derived_steps.status = 'pending' then coalesce(summary.status, derived_steps.status)
            else derived_steps.status
        end as status
    )
from derived_steps
left join main.steps as summary
    on summary.project = $project and summary.run_id = $run_id and derived_steps.step_id = summary.step_id
        and summary.kind in ('tool', 'approval')
        and summary.started_at >= make_timestamp_ns($since) and summary.started_at <= make_timestamp_ns($until)
where derived_steps.run = $run
order by derived_steps.step_order, derived_steps.step_id
