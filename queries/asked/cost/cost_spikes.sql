-- When did a workflow cost far more than usual, and why? One row per workflow and slot of the window, the largest excess
-- first. A slot is an hour; a day in windows of more than three days. Usual is the median of the same slots of the six
-- weeks before (those since the workflow's first run, two at least; one without runs cost nothing). A slot is a spike if
-- it exceeds that by more than a dollar and by more than three deviations (1.4826 × MAD).
-- The five parts of excess_usd are Shapley shares, so they add up to it whatever the order: volume, calls per run,
-- tokens per call, model mix and price a token, against the workflow's slots of those weeks that were no spikes. Volume
-- is against the runs that the usual cost paid for. A model seen on one side only has its price on both. Calls
-- without a known cost are left out; usual rates are null, and all is volume, where nothing came before.
-- slot_at is on the clock of $tz up to the last select, so that a day or hour of the clock is the same in every week.
with spent as materialized (
    select
        run_place,
        workflow_name,
        date_trunc(
            if($bucket in ('5 minutes', 'hour'), 'hour', 'day'),
            -- The clock of UTC is what is stored.
            if($tz = 'UTC', run_started_at::timestamp, timezone($tz, timezone('UTC', run_started_at::timestamp)))
        ) as slot_at,
        value as model,
        spending_count as call_count,
        priced_tokens as tokens,
        cost_usd
    from asked_spending(
        'model', $latest_ns, $now_ns, $project, greatest(0, $since_ns - 42 * 86400 * 1000000000::bigint), $until_ns,
        $workflow, $agent, $service, $environment, $release, $model, $tool, $user, $conversation, $statuses, $evidence,
        $attributes, $words, $mentioned
    )
    where cost_usd is not null
),

slots as (
    select
        workflow_name,
        slot_at,
        count(distinct run_place) as run_count,
        sum(call_count)::bigint as call_count,
        sum(tokens) as tokens,
        sum(cost_usd) as cost_usd
    from spent
    group by workflow_name, slot_at
),

usual as (
    select
        slots.workflow_name,
        slots.slot_at,
        count(*) as week_count,
        median(coalesce(earlier.cost_usd, 0)) as cost_usd,
        mad(coalesce(earlier.cost_usd, 0)) as mad_usd
    from slots
    inner join (
        select
            workflow_name,
            min(slot_at) as first_at
        from slots
        group by workflow_name
    ) as begun on slots.workflow_name is not distinct from begun.workflow_name
    inner join range(1, 7) as weeks (number) on slots.slot_at - to_days(7 * weeks.number::integer) >= begun.first_at
    left join slots as earlier
        on slots.workflow_name is not distinct from earlier.workflow_name
        and slots.slot_at - to_days(7 * weeks.number::integer) = earlier.slot_at
    group by slots.workflow_name, slots.slot_at
    having count(*) >= 2
),

judged as (
    select
        slots.workflow_name,
        slots.slot_at,
        slots.run_count,
        slots.call_count,
        slots.tokens,
        slots.cost_usd,
        usual.cost_usd as usual_cost_usd,
        usual.mad_usd,
        usual.week_count,
        coalesce(slots.cost_usd - usual.cost_usd > greatest(1, 3 * 1.4826 * usual.mad_usd), false) as is_spike
    from slots
    left join usual on slots.workflow_name is not distinct from usual.workflow_name and slots.slot_at = usual.slot_at
),

spikes as (
    select
        row_number() over (order by slot_at, workflow_name) as spike,
        workflow_name,
        slot_at,
        run_count,
        call_count,
        tokens,
        cost_usd,
        usual_cost_usd,
        mad_usd,
        week_count
    from judged
    where is_spike
        and slot_at + if($bucket in ('5 minutes', 'hour'), to_hours(1), to_days(1))
        > timezone($tz, timezone('UTC', make_timestamp_ns($since_ns)::timestamp))
),

ordinary as (
    select
        spikes.spike,
        judged.workflow_name,
        judged.slot_at,
        judged.run_count,
        judged.call_count
    from spikes
    inner join judged
        on spikes.workflow_name is not distinct from judged.workflow_name
        and judged.slot_at < spikes.slot_at and judged.slot_at >= spikes.slot_at - to_days(42)
    where not judged.is_spike
),

before as (
    select
        spike,
        sum(run_count) as run_count,
        sum(call_count) as call_count
    from ordinary
    group by spike
),

-- What each model took part in, before and then.
models as (
    select
        spike,
        model,
        sum(tokens) filter (where not is_then) as tokens_before,
        sum(cost_usd) filter (where not is_then) as cost_before_usd,
        sum(tokens) filter (where is_then) as tokens,
        sum(cost_usd) filter (where is_then) as cost_usd
    from (
        select
            ordinary.spike,
            spent.model,
            spent.tokens,
            spent.cost_usd,
            false as is_then
        from spent
        inner join ordinary
            on spent.workflow_name is not distinct from ordinary.workflow_name and spent.slot_at = ordinary.slot_at
        union all
        select
            spikes.spike,
            spent.model,
            spent.tokens,
            spent.cost_usd,
            true as is_then
        from spent
        inner join spikes
            on spent.workflow_name is not distinct from spikes.workflow_name and spent.slot_at = spikes.slot_at
    ) as sides
    group by spike, model
),

-- Dollars a token, by the mix and the prices of before (0) or then (1).
rates as (
    select
        spike,
        sum(tokens_before) as tokens_before,
        sum(cost_before_usd) as cost_before_usd,
        token_cost(tokens_before, cost_before_usd, tokens_before, cost_usd, tokens) as mix0_price0,
        token_cost(tokens_before, cost_usd, tokens, cost_before_usd, tokens_before) as mix0_price1,
        token_cost(tokens, cost_before_usd, tokens_before, cost_usd, tokens) as mix1_price0,
        token_cost(tokens, cost_usd, tokens, cost_before_usd, tokens_before) as mix1_price1
    from models
    group by spike
),

factors as (
    select
        spikes.spike,
        spikes.usual_cost_usd / nullif(rates.cost_before_usd / before.run_count, 0) as usual_run_count,
        before.call_count / before.run_count as usual_calls_per_run,
        rates.tokens_before / before.call_count as usual_tokens_per_call,
        spikes.run_count,
        spikes.call_count / spikes.run_count as calls_per_run,
        spikes.tokens / spikes.call_count as tokens_per_call,
        rates.mix0_price0,
        rates.mix0_price1,
        rates.mix1_price0,
        rates.mix1_price1
    from spikes
    inner join before on spikes.spike = before.spike
    inner join rates on spikes.spike = rates.spike
),

-- What the slot would have cost if only the factors of the coalition (its bits) had changed.
coalitions as (
    select
        factors.spike,
        subsets.bits,
        coalition_cost(
            subsets.bits,
            factors.usual_run_count,
            factors.run_count,
            factors.usual_calls_per_run,
            factors.calls_per_run,
            factors.usual_tokens_per_call,
            factors.tokens_per_call,
            factors.mix0_price0,
            factors.mix1_price0,
            factors.mix0_price1,
            factors.mix1_price1
        ) as cost_usd
    from factors
    cross join range(32) as subsets (bits)
),

shares as (
    select
        spike,
        unnest(shapley_shares(cost_usd, bits))
    from coalitions
    group by spike
)

select
    spikes.workflow_name,
    timezone('UTC', timezone($tz, spikes.slot_at)) as slot_at,
    timezone('UTC', timezone($tz, spikes.slot_at + if($bucket in ('5 minutes', 'hour'), to_hours(1), to_days(1)))) as slot_until_at,
    spikes.cost_usd,
    spikes.usual_cost_usd,
    spikes.mad_usd,
    spikes.week_count,
    spikes.cost_usd - spikes.usual_cost_usd as excess_usd,
    coalesce(shares.volume_usd, spikes.cost_usd - spikes.usual_cost_usd) as volume_usd,
    coalesce(shares.calls_per_run_usd, 0) as calls_per_run_usd,
    coalesce(shares.tokens_per_call_usd, 0) as tokens_per_call_usd,
    coalesce(shares.model_mix_usd, 0) as model_mix_usd,
    coalesce(shares.price_usd, 0) as price_usd,
    spikes.run_count,
    factors.usual_run_count,
    spikes.call_count / spikes.run_count as calls_per_run,
    factors.usual_calls_per_run,
    spikes.tokens / spikes.call_count as tokens_per_call,
    factors.usual_tokens_per_call
from spikes
left join factors on spikes.spike = factors.spike
left join shares on spikes.spike = shares.spike
order by excess_usd desc, spikes.slot_at, spikes.workflow_name
limit $limit
