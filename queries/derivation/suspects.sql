-- In which runs may several records tell of one call? Those where a call stands below another, was logged, has the id of
-- another, or has its parent, model and tokens. twins.sql looks at no others.
create or replace temp table suspects as
with calls as (
    select
        tree.run,
        tree.parent,
        tree.acts_below,
        records.kind,
        records.signal,
        records.twin_rank,
        case records.kind when 'llm' then records.response_id else records.tool_call_id end as name,
        records.model,
        records.input_tokens,
        records.output_tokens,
        records.scope_name
    from tree
    inner join records on tree.row_id = records.row_id
    where records.kind in ('llm', 'tool')
)

select run
from calls
where acts_below > 0 or signal <> 'span' or twin_rank > 0
union
select run
from calls
where name is not null
group by run, kind, name
having count(*) > 1
union
select run
from calls
where kind = 'llm' and parent is not null and input_tokens is not null and output_tokens is not null
group by run, parent, model, input_tokens, output_tokens
having min(scope_name) <> max(scope_name)
