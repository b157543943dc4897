-- When did the records happen that are to be read? The seeds' times with a day around them, and the related runs'
-- own; joined where they meet, and across the smallest gaps until 16 are left. Nanoseconds since 1970.
with wanted as (
    select
        greatest(since - 86400000000000, 0) as since,
        least(until, 9223372036854775806 - 86400000000000) + 86400000000000 as until
    from seeds
    union all
    select
        since,
        least(until, 9223372036854775805) + 1
    from scope_runs
),

gaps as (
    select
        since,
        until,
        since - max(until) over (
            order by since, until rows between unbounded preceding and 1 preceding
        ) as gap
    from wanted
),

ranked as (
    select
        since,
        until,
        gap is null or (gap > 0 and row_number() over (order by gap desc nulls first, since) <= 16) as opens
    from gaps
),

numbered as (
    select
        since,
        until,
        sum(opens::integer) over (order by since, until rows unbounded preceding) as number
    from ranked
)

select
    min(since) as since,
    max(until) as until
from numbered
group by number
order by since
