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
    walked.tool_node,
    walked.usage_below,
    walked.acts_below
from nodes
inner join walked on nodes.node = walked.node
