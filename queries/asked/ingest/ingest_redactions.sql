-- Which secrets and personal data were sent raw, and by whom? One row per project, rule, signal and service, the most
-- frequent first, over batches committed in the window. value_count is the number of values that were replaced before
-- they were stored, or in a dry run would have been. Batches of before services were told apart have all services of the
-- batch, of which at least one sent them; no service at all is one without a name.
select
    project,
    rule,
    signal,
    services,
    sum(value_count)::bigint as value_count,
    count(*) as batch_count,
    min(committed_at) as first_commit_at,
    max(committed_at) as last_commit_at
from (
    select
        project,
        signal,
        committed_at,
        split_part(redacted.name, '@', 1) as rule,
        case
            when contains(redacted.name, '@')
                then list_filter([substr(redacted.name, strpos(redacted.name, '@') + 1)], lambda name: name != '')
            else services
        end as services,
        redacted.count as value_count
    from (select project, signal, services, committed_at, unnest(redacted_counts) as redacted from ingest_batches)
    where ($project is null or project = $project)
        and ($projects is null or list_contains($projects, project))
        and committed_at >= make_timestamp_ns($since_ns) and committed_at < make_timestamp_ns($until_ns)
)
group by project, rule, signal, services
order by value_count desc, project, rule, signal, services
limit $limit
