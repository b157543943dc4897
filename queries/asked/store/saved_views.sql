-- Which views of the app have people named? One row per view, by name; address is the page's path and query in the app,
-- without the project.
select
    view_id,
    name,
    address,
    saved_at
from saved_views
where project = $project
order by lower(name), name, view_id
