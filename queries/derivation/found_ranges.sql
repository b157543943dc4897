-- Which stretches of the table hold the records found? Storage keeps 122,880 rows together; stretches that touch are
-- read as one.
with groups as (
    select distinct row_id // 122880 as place from found
),

islands as (
    select
        place,
        place - row_number() over (order by place) as island
    from groups
)

select
    min(place) * 122880 as first_row,
    (max(place) + 1) * 122880 - 1 as last_row
from islands
group by island
order by first_row
