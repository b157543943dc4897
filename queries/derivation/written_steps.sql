-- The steps of the runs to be written, with the columns that are kept of them.
create or replace temp view written_steps as
select derived_steps.* exclude (
    run, node, row_id, dialects, start_ns, end_ns, pause, is_judgement, is_root, proposed_calls, approval_decision,
    rollup_input_tokens, rollup_output_tokens, usage_below, agent_node, labels, offered_tools
)
from derived_steps
semi join outputs on derived_steps.run = outputs.run
