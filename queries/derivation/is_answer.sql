-- Whether a call's arguments are what the run answered, whatever the white space. Most differ in their first letter.
create or replace temp macro is_answer(tool_args, answer) as
case
    when left(ltrim(answer, e' \t\n\f\r'), 1) not in ('', left(ltrim(tool_args, e' \t\n\f\r'), 1)) then false
    else starts_with(
        regexp_replace(coalesce(tool_args, ' '), '\s', '', 'g') || ' ',
        left(regexp_replace(coalesce(answer, '-'), '\s', '', 'g'), 400)
    )
end
