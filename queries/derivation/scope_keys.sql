-- Which run keys belong to what is being derived? A conversation counts as a key: logs without a trace bear it.
create or replace temp table scope_keys as
select distinct
    project,
    unnest([run_key, conversation_id]) as run_key
from seeds
