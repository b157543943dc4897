-- The records that runs are derived from, none yet: every column of `spans`, its place there, and a time that is
-- never null.
create or replace temp table records as
select
    rowid as row_id,
    0::bigint as start_ns,
    0::bigint as end_ns,
    spans.*
from spans
limit 0
