-- A refused call did not run, whatever span it left: a tool waiting within for a permission that was refused, or one
-- that ran again only to be told so.
update derived_steps
set status = case when approvals.decision in ('aborted', 'expired') then 'cancelled' else 'denied' end
from (
    select
        answer_node as node,
        decision
    from derived_approvals
    where decision in ('rejected', 'auto_denied', 'aborted', 'expired') and answer_node is not null
    union
    select
        steps.node,
        approvals.decision
    from derived_approvals as approvals
    inner join derived_steps as steps
        on approvals.project = steps.project and approvals.run_id = steps.run_id
            and approvals.tool_call_id = steps.tool_call_id
    where approvals.decision in ('rejected', 'auto_denied', 'aborted', 'expired') and steps.kind = 'tool'
) as approvals
where derived_steps.node = approvals.node and derived_steps.kind = 'tool'
