-- Which counted record does each repeated one end up with, following twins of twins? One row per repeated record.
insert into leaders
with recursive followed as (
    select
        node,
        twin_of as leader,
        1 as hops
    from twins
    union all
    select
        followed.node,
        twins.twin_of as leader,
        followed.hops + 1 as hops
    from followed
    inner join twins on followed.leader = twins.node
    where followed.hops < 12
)

select
    node,
    arg_max_null(leader, hops) as leader
from followed
group by node
