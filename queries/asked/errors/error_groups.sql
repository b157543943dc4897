-- Which errors are there, since when, and are they new? One row per group of failed steps (failures_since) in the asked runs
-- or those of the window before, the one with the most runs first; fingerprint names it, pattern is its message without
-- ids, numbers, paths and quoted texts, and example the newest message as it was.
-- run_count and error_count: runs and failed steps of the window; failed_run_count: those of the runs that ended in error;
-- …_before: of the window before, null if there is none. trend: its runs in each bucket in which any asked run began.
-- releases, workflows and agents are those of both windows.
-- first_seen_at and last_seen_at are over all runs of the project up to the window's end, looking back at 90 days before
-- the window at most. state: gone (in the window before, not in this one), regressed (seen after it was resolved: in the
-- release that it was resolved in or one that is newer, or at any later time where no release is named), new (first
-- seen in this window, which asks for a window before that is known), ongoing.
with asked as (
    select
        run_id,
        status,
        workflow_name,
        service_version,
        bucket_of(started_at, $bucket, $tz) as bucket_at,
        started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_runs(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
),

buckets as (
    select
        bucket_at,
        row_number() over (order by bucket_at) as place
    from asked
    where is_asked
    group by bucket_at
),

seen as (
    select
        failures.*,
        runs.started_at as run_started_at,
        runs.service_name,
        runs.service_version
    from failures_since($project, greatest(0, least($before_ns, $since_ns - 90 * 86400 * 1000000000::bigint))) as failures
    inner join runs
        on runs.project = $project and failures.run_id = runs.run_id and runs.started_at < make_timestamp_ns($until_ns)
),

histories as (
    select
        seen.fingerprint,
        min(seen.started_at) as first_seen_at,
        max(seen.started_at) as last_seen_at,
        min(seen.run_started_at) as first_run_at,
        any_value(marks.assigned_to) as assigned_to,
        coalesce(any_value(marks.is_resolved), false) as is_resolved,
        any_value(marks.resolved_at) as resolved_at,
        nullif(any_value(marks.resolved_in), '') as resolved_in,
        any_value(marks.note) as note,
        coalesce(any_value(marks.mark_count), 0) as mark_count,
        count(*) filter (
            where marks.is_resolved and seen.started_at > marks.resolved_at
            and (
                marks.resolved_in = '' or seen.service_version is null or seen.service_version = marks.resolved_in
                or releases.first_run_at > coalesce(fixed.first_run_at, marks.resolved_at)
            )
        ) as comeback_count
    from seen
    left join error_marks_of($project) as marks on seen.fingerprint = marks.fingerprint
    left join releases_of($project) as releases
        on seen.service_name is not distinct from releases.service_name and seen.service_version = releases.service_version
    left join releases_of($project) as fixed
        on seen.service_name is not distinct from fixed.service_name and marks.resolved_in = fixed.service_version
    group by seen.fingerprint
),

counted as (
    select
        seen.fingerprint,
        seen.kind,
        seen.subject,
        seen.error_type,
        seen.pattern,
        arg_max(seen.error_message, (seen.started_at, seen.step_id)) as example,
        count(distinct seen.run_id) filter (where asked.is_asked) as run_count,
        count(*) filter (where asked.is_asked) as error_count,
        count(distinct seen.run_id) filter (where asked.is_asked and asked.status = 'error') as failed_run_count,
        count(distinct seen.run_id) filter (where not asked.is_asked) as run_count_before,
        count(*) filter (where not asked.is_asked) as error_count_before,
        list_sort(list(distinct asked.service_version)) as releases,
        list_sort(list(distinct asked.workflow_name)) as workflows,
        list_sort(list(distinct seen.agent_name)) as agents
    from seen
    inner join asked on seen.run_id = asked.run_id
    group by seen.fingerprint, seen.kind, seen.subject, seen.error_type, seen.pattern
),

trends as (
    select
        groups.fingerprint,
        list(coalesce(counts.run_count, 0) order by buckets.place) as trend
    from (
        select fingerprint
        from counted
    ) as groups
    cross join buckets
    left join (
        select
            seen.fingerprint,
            asked.bucket_at,
            count(distinct seen.run_id) as run_count
        from seen
        inner join asked on seen.run_id = asked.run_id
        where asked.is_asked
        group by seen.fingerprint, asked.bucket_at
    ) as counts on groups.fingerprint = counts.fingerprint and buckets.bucket_at = counts.bucket_at
    group by groups.fingerprint
)

select
    counted.fingerprint,
    case
        when counted.error_count = 0 then 'gone'
        when histories.comeback_count > 0 then 'regressed'
        when $before_ns < $since_ns and histories.first_run_at >= make_timestamp_ns($since_ns) then 'new'
        else 'ongoing'
    end as state,
    counted.kind,
    counted.subject,
    counted.error_type,
    counted.pattern,
    counted.example,
    counted.run_count,
    counted.error_count,
    counted.failed_run_count,
    if($before_ns < $since_ns, counted.run_count_before, null) as run_count_before,
    if($before_ns < $since_ns, counted.error_count_before, null) as error_count_before,
    trends.trend,
    histories.first_seen_at,
    histories.last_seen_at,
    counted.releases,
    counted.workflows,
    counted.agents,
    histories.assigned_to,
    histories.is_resolved,
    if(histories.is_resolved, histories.resolved_at, null) as resolved_at,
    if(histories.is_resolved, histories.resolved_in, null) as resolved_in,
    histories.comeback_count,
    histories.note,
    histories.mark_count
from counted
inner join histories on counted.fingerprint = histories.fingerprint
left join trends on counted.fingerprint = trends.fingerprint
order by counted.run_count desc, counted.error_count desc, counted.run_count_before desc, counted.fingerprint
limit $limit
