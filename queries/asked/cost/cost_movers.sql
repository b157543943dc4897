-- Which workflows cost more or less than in the window before, and why? One row per workflow with a known cost in either
-- window, the largest change first; none where there is no window before. Calls without a known cost are left out.
-- change_usd = cost_usd - cost_before_usd. Its five parts are Shapley shares, so they add up to it whatever the order: runs
-- (volume), calls per run, tokens per call, model mix and price a token. A model seen in one window only has its price in
-- both; where a workflow ran in one window only, all is volume, and the other's counts are null.
with spent as (
    select
        workflow_name,
        run_place,
        value as model,
        spending_count as call_count,
        priced_tokens as tokens,
        cost_usd,
        run_started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_spending(
        'model', $latest_ns, $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release,
        $model, $tool, $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where cost_usd is not null
),

sums as (
    select
        row_number() over (order by workflow_name) as place,
        workflow_name,
        nullif(count(distinct run_place) filter (where is_asked), 0) as run_count,
        coalesce(sum(call_count) filter (where is_asked), 0)::bigint as call_count,
        sum(tokens) filter (where is_asked) as tokens,
        coalesce(sum(cost_usd) filter (where is_asked), 0) as cost_usd,
        nullif(count(distinct run_place) filter (where not is_asked), 0) as run_count_before,
        coalesce(sum(call_count) filter (where not is_asked), 0)::bigint as call_count_before,
        sum(tokens) filter (where not is_asked) as tokens_before,
        coalesce(sum(cost_usd) filter (where not is_asked), 0) as cost_before_usd
    from spent
    group by workflow_name
),

-- What each model took part in, before and now.
models as (
    select
        sums.place,
        spent.model,
        sum(spent.tokens) filter (where not spent.is_asked) as tokens_before,
        sum(spent.cost_usd) filter (where not spent.is_asked) as cost_before_usd,
        sum(spent.tokens) filter (where spent.is_asked) as tokens,
        sum(spent.cost_usd) filter (where spent.is_asked) as cost_usd
    from spent
    inner join sums on spent.workflow_name is not distinct from sums.workflow_name
    group by sums.place, spent.model
),

-- Dollars a token, by the mix and the prices of before (0) or now (1).
rates as (
    select
        place,
        token_cost(tokens_before, cost_before_usd, tokens_before, cost_usd, tokens) as mix0_price0,
        token_cost(tokens_before, cost_usd, tokens, cost_before_usd, tokens_before) as mix0_price1,
        token_cost(tokens, cost_before_usd, tokens_before, cost_usd, tokens) as mix1_price0,
        token_cost(tokens, cost_usd, tokens, cost_before_usd, tokens_before) as mix1_price1
    from models
    group by place
),

factors as (
    select
        sums.*,
        sums.call_count / sums.run_count as calls_per_run,
        sums.call_count_before / sums.run_count_before as calls_per_run_before,
        sums.tokens / sums.call_count as tokens_per_call,
        sums.tokens_before / sums.call_count_before as tokens_per_call_before,
        rates.mix0_price0,
        rates.mix0_price1,
        rates.mix1_price0,
        rates.mix1_price1
    from sums
    inner join rates on sums.place = rates.place
),

-- What the workflow would have cost if only the factors of the coalition (its bits) had changed.
coalitions as (
    select
        factors.place,
        subsets.bits,
        coalition_cost(
            subsets.bits,
            factors.run_count_before,
            factors.run_count,
            factors.calls_per_run_before,
            factors.calls_per_run,
            factors.tokens_per_call_before,
            factors.tokens_per_call,
            factors.mix0_price0,
            factors.mix1_price0,
            factors.mix0_price1,
            factors.mix1_price1
        ) as cost_usd
    from factors
    cross join range(32) as subsets (bits)
    where factors.run_count is not null and factors.run_count_before is not null
),

shares as (
    select
        place,
        unnest(shapley_shares(cost_usd, bits))
    from coalitions
    group by place
)

select
    factors.workflow_name,
    factors.cost_usd,
    factors.cost_before_usd,
    factors.cost_usd - factors.cost_before_usd as change_usd,
    coalesce(shares.volume_usd, factors.cost_usd - factors.cost_before_usd) as volume_usd,
    coalesce(shares.calls_per_run_usd, 0) as calls_per_run_usd,
    coalesce(shares.tokens_per_call_usd, 0) as tokens_per_call_usd,
    coalesce(shares.model_mix_usd, 0) as model_mix_usd,
    coalesce(shares.price_usd, 0) as price_usd,
    factors.run_count,
    factors.run_count_before,
    factors.calls_per_run,
    factors.calls_per_run_before,
    factors.tokens_per_call,
    factors.tokens_per_call_before
from factors
left join shares on factors.place = shares.place
where $before_ns < $since_ns
order by abs(factors.cost_usd - factors.cost_before_usd) desc, factors.workflow_name
limit $limit
