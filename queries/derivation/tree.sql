-- Where does each step stand? The nodes with what the walk of their trees found (queries/trees.py).
create or replace temp table tree as
select
    nodes.row_id,
    nodes.project,
    nodes.run_id,
    nodes.run,
    nodes.node,
    nodes.parent,
    nodes.is_orphan,
    nodes.acts,
    walked.depth,
    walked.step_order,
    walked.in_cycle,
    walked.agent_node,
    walked.boundary_node,
    walked.metered_node,
    walked.named_node,
    agents.row_id as agent_row_id,
    -- A wait for permission within a tool is about that tool's call.
    case when nodes.is_approval then tools.row_id end as asking_tool_row_id,
    walked.usage_below,
    walked.acts_below,
    walked.waits_below
from nodes
inner join walked on nodes.node = walked.node
left join nodes as agents on walked.agent_node = agents.node
left join nodes as tools on walked.tool_node = tools.node
