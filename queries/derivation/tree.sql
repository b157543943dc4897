-- Where does each step stand? The nodes with what the walk of their trees found (queries/trees.py), row by row.
create or replace temp table tree as
select
    nodes.row_id,
    nodes.run,
    nodes.node,
    nodes.parent,
    nodes.is_orphan,
    -- A wait for permission within a tool is about that tool's call.
    case when nodes.is_approval then walked.tool_node end as asking_tool_node,
    walked.depth,
    walked.step_order,
    walked.in_cycle,
    walked.agent_node,
    walked.boundary_node,
    walked.metered_node,
    walked.named_node,
    walked.usage_below,
    walked.acts_below,
    walked.waits_below
from nodes
positional join walked
