-- Whether a tool's result says that a policy or guardrail kept the call from running.
create or replace temp macro reads_blocked(value) as
coalesce(regexp_matches(value, '(?i)"blocked"\s*:\s*true|\bblocked by (a |an |the )?(\w+ )?(policy|guardrail|hook|rule)\b'), false)
