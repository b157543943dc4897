-- Which tool calls do the records at hand ask for, and which do they execute or answer? One row per id, long enough
-- to be one provider's own.
create or replace temp table call_ids as
select distinct
    project,
    tool_call_id,
    is_answer
from mentions
where length(tool_call_id) >= 12
