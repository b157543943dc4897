-- Which spans does Runlight not know as anything? One row per project, service, instrumentation scope and name of spans
-- of no known dialect and no known kind that arrived in the window, the most frequent first. They are stored, shown
-- folded in their run's waterfall, and in no count of steps. `keys` are up to 20 of the attribute keys that they bear.
select
    project,
    service_name,
    scope_name,
    name,
    count(*) as span_count,
    list_slice(
        list_sort(list_distinct(flatten(list(list_transform(labels, lambda label: split_part(label, '=', 1)))))), 1, 20
    ) as keys,
    max(received_at) as last_received_at
from spans
where signal = 'span' and kind = 'other' and len(dialects) = 0
    and ($project is null or project = $project)
    and ($projects is null or list_contains($projects, project))
    and received_at >= make_timestamp_ns($since_ns) and received_at < make_timestamp_ns($until_ns)
group by project, service_name, scope_name, name
order by span_count desc, project, service_name, scope_name, name
limit $limit
