-- Which releases fail how often, and with which one did it begin? One row per service and release of the asked runs: those
-- worse than the one before, then the newest first, by when the project first saw a run of it.
-- error_rate = error_count / ended_count, of the window. The release before (previous_…) is the service's last that was
-- seen first earlier, of those with runs in this window or the one before; over both windows together (compared_…) the
-- two are compared, since the older one has run before. is_worse: its rate is higher than the previous one's, with three
-- errors at least, by more than chance does once in a thousand times (two-proportion test, one-sided: z > 3.09).
-- is_first_bad: the earliest of all that are worse.
with asked as (
    select
        service_name,
        service_version,
        status,
        started_at,
        started_at >= make_timestamp_ns($since_ns) as is_asked
    from asked_runs(
        $now_ns, $project, $before_ns, $until_ns, $workflow, $agent, $service, $environment, $release, $model, $tool,
        $user, $conversation, $statuses, $evidence, $attributes, $words, $mentioned
    )
    where service_version is not null
),

counted as (
    select
        service_name,
        service_version,
        count(*) filter (where is_asked) as run_count,
        ended_count(if(is_asked, status, null)) as ended_count,
        count(*) filter (where is_asked and status = 'error') as error_count,
        error_rate(if(is_asked, status, null)) as error_rate,
        max(started_at) filter (where is_asked) as last_run_at,
        ended_count(status) as compared_ended_count,
        count(*) filter (where status = 'error') as compared_error_count
    from asked
    group by service_name, service_version
),

beside as (
    select
        counted.*,
        releases.first_run_at,
        lag(counted.service_version) over older as previous_version,
        lag(counted.compared_ended_count) over older as previous_ended_count,
        lag(counted.compared_error_count) over older as previous_error_count
    from counted
    inner join releases_of($project) as releases
        on counted.service_name is not distinct from releases.service_name
            and counted.service_version = releases.service_version
    window older as (partition by counted.service_name order by releases.first_run_at, counted.service_version)
),

tested as (
    select
        *,
        (compared_error_count / compared_ended_count - previous_error_count / previous_ended_count) / sqrt(
            (compared_error_count + previous_error_count) / (compared_ended_count + previous_ended_count)
            * (1 - (compared_error_count + previous_error_count) / (compared_ended_count + previous_ended_count))
            * (1 / compared_ended_count + 1 / previous_ended_count)
        ) as z
    from beside
),

judged as (
    select
        *,
        -- Without an error or a success on either side there is nothing to test, and z is no number.
        coalesce(run_count > 0 and compared_error_count >= 3 and not isnan(z) and z > 3.09, false) as is_worse
    from tested
)

select
    service_name,
    service_version,
    first_run_at,
    last_run_at,
    run_count,
    ended_count,
    error_count,
    error_rate,
    compared_ended_count,
    compared_error_count,
    previous_version,
    previous_ended_count,
    previous_error_count,
    previous_error_count / nullif(previous_ended_count, 0) as previous_error_rate,
    if(isnan(z), null, z) as z,
    is_worse,
    is_worse and row_number() over (partition by is_worse order by first_run_at, service_name, service_version) = 1
        as is_first_bad
from judged
where run_count > 0
order by is_worse desc, first_run_at desc, service_name, service_version
limit $limit
