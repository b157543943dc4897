-- Write the steps of the runs to be written, plumbing left out.
insert into steps by name
select derived_steps.* exclude (
    run, node, row_id, counted_as, record_signal, dialects, start_ns, end_ns, pause, is_judgement, is_root, input_preview, output_preview,
    proposed_calls, approval_decision, rollup_input_tokens, rollup_output_tokens, usage_below, agent_node,
    labels, offered_tools
)
from derived_steps
semi join outputs on derived_steps.run = outputs.run
where derived_steps.kind <> 'other'
order by derived_steps.project, derived_steps.run, derived_steps.step_order
