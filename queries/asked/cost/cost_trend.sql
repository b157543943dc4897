-- What did the runs cost over time, by workflow, agent, step, tool, model, user or conversation ($by)? One row per
-- bucket in which runs started and value, in the order of time and place. The seven dearest values of the window have
-- a place; all others are one row a bucket with is_rest. A null value that is no rest stands for calls without one.
-- As in cost_by, the cost of a model call falls on the tool calls that led to it.
with shares as (
    select
        bucket_of(run_started_at, $bucket, $tz) as bucket_at,
        value,
        run_place,
        call_place,
        call_count,
        cost_usd
    from asked_shares(
        $by, $latest_ns, $now_ns, $project, $since_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model,
        $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

places as (
    select
        value,
        row_number() over (order by sum(cost_usd) desc nulls last, value) as place
    from shares
    group by value
),

sums as (
    select
        shares.bucket_at,
        least(places.place, 8) as place,
        places.place > 7 as is_rest,
        case when places.place <= 7 then shares.value end as value,
        count(distinct shares.run_place) as run_count,
        -- A call can have several tools, and several of those may be in the rest; of all else it has one.
        if($by = 'tool', count(distinct shares.call_place), sum(shares.call_count)::bigint) as call_count,
        sum(shares.cost_usd) as cost_usd
    from shares
    inner join places on shares.value is not distinct from places.value
    group by all
)

select
    bucket_at,
    bucket_until(bucket_at, $bucket, $tz) as bucket_until_at,
    place,
    is_rest,
    value,
    run_count,
    call_count,
    cost_usd
from sums
order by bucket_at, place
