-- The arguments that a call ran with, from those it was asked with and what a human resumed it with: an object of the
-- same members changes these (a member `type` names the decision); anything else is free form and changes nothing.
create or replace temp macro with_changes(value, changes) as
case
    when json_type(try_cast(value as json)) = 'OBJECT' and json_type(try_cast(changes as json)) = 'OBJECT'
        and len(json_keys(json_merge_patch(changes, '{"type": null}'))) > 0
        and list_has_all(json_keys(value), json_keys(json_merge_patch(changes, '{"type": null}')))
        then json_merge_patch(value, json_merge_patch(changes, '{"type": null}'))::varchar
end
