-- What is each record of a run, once its twins are known? One row per node: its kind, the names that others are found
-- by, and the records whose lists of tool calls are its own.
create or replace temp table calls as
with called as (
    select
        asked.run,
        asked.tool_name
    from (
        select distinct
            tree.run,
            mentions.tool_name
        from mentions
        inner join tree on mentions.row_id = tree.row_id
        where not mentions.is_answer
    ) as asked
    anti join (
        select
            tree.run,
            records.tool_name
        from tree
        inner join records on tree.row_id = records.row_id
        where records.kind in ('tool', 'approval')
    ) as known on asked.run = known.run and asked.tool_name = known.tool_name
),

agents as (
    select
        tree.node,
        records.agent_name
    from tree
    inner join records on tree.row_id = records.row_id
    where records.kind = 'agent'
),

asking_tools as (
    select
        tree.node,
        records.tool_name,
        records.tool_call_id
    from tree
    inner join records on tree.row_id = records.row_id
    where tree.node in (select asking_tool_node from tree where asking_tool_node is not null)
)

select
    tree.node,
    tree.run,
    tree.row_id,
    records.project,
    records.start_ns,
    records.end_ns,
    leaders.node is not null as is_repeated,
    leaders.leader,
    case
        when records.kind = 'other' and records.signal = 'span' and records.parent_span_id is null and tree.acts_below > 0
            then 'workflow'
        when records.kind = 'other' and called.tool_name is not null then 'tool'
        else records.kind
    end as kind,
    coalesce(merged.agent_name, records.agent_name, agents.agent_name) as agent_name,
    coalesce(asking_tools.tool_name, merged.tool_name, records.tool_name, called.tool_name) as tool_name,
    coalesce(merged.tool_call_id, records.tool_call_id, asking_tools.tool_call_id) as tool_call_id,
    coalesce(merged.proposing_row_id, tree.row_id) as proposing_row_id,
    coalesce(merged.answered_row_id, tree.row_id) as answered_row_id
from tree
inner join records on tree.row_id = records.row_id
left join merged on tree.node = merged.node
left join leaders on tree.node = leaders.node
left join agents on tree.agent_node = agents.node
left join asking_tools on tree.asking_tool_node = asking_tools.node
-- A span that says nothing of itself but bears the name of a tool asked for in its run is that tool's.
left join called
    on tree.run = called.run
        and case when records.signal = 'span' and records.operation is null then records.name end = called.tool_name
