-- Which names occur in each run? One row per run, each list without repetitions and in order.
create or replace temp table run_lists as
with named as (
    select distinct
        run,
        what,
        name
    from (
        select
            run,
            'label' as what,
            unnest(labels) as name
        from derived_steps
        union all
        select
            run,
            'dialect' as what,
            unnest(dialects) as name
        from derived_steps
        union all
        select
            run,
            'flaw' as what,
            unnest(flaws) as name
        from derived_steps
        union all
        select
            run,
            'trace' as what,
            trace_id as name
        from derived_steps
        union all
        select
            run,
            'service' as what,
            service_name as name
        from derived_steps
        union all
        select
            run,
            'agent' as what,
            agent_name as name
        from derived_steps
        where counted
        union all
        select
            run,
            'model' as what,
            coalesce(served_model, requested_model) as name
        from derived_steps
        where counted and kind in ('llm', 'embedding')
        union all
        select
            run,
            'requested' as what,
            requested_model as name
        from derived_steps
        where counted and kind in ('llm', 'embedding')
        union all
        select
            run,
            'tool' as what,
            tool_name as name
        from derived_steps
        where kind = 'tool'
        union all
        select
            run,
            'offered' as what,
            unnest(offered_tools) as name
        from derived_steps
    )
    where name is not null
)

select
    run,
    list(name order by name) filter (where what = 'label') as labels,
    list(name order by name) filter (where what = 'dialect') as dialects,
    list(name order by name) filter (where what = 'flaw') as flaws,
    list(name order by name) filter (where what = 'trace') as trace_ids,
    list(name order by name) filter (where what = 'service') as service_names,
    list(name order by name) filter (where what = 'agent') as agent_names,
    list(name order by name) filter (where what = 'model') as models,
    list(name order by name) filter (where what = 'requested') as requested_models,
    list(name order by name) filter (where what = 'tool') as tool_names,
    list(name order by name) filter (where what = 'offered') as offered_tools
from named
group by run
