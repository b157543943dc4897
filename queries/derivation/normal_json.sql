-- JSON text with its members in order, so that equal arguments are equal texts; any other text as it is.
create or replace temp macro normal_json(value) as
case
    when not json_valid(value) then value
    when json_type(value) = 'OBJECT'
        then list_sort(map_entries(from_json(value, '"MAP(VARCHAR, JSON)"')))::varchar
    else json(value)::varchar
end
