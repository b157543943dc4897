-- No record is repeated, so none is led by another.
create or replace temp table leaders (
    node bigint,
    leader bigint
)
