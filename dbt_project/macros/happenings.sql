{#-
    Webhook events come at least once, out of order, and late. When something happened, only the event itself says: its
    `created`, in whole seconds. Within one second a creation is first, and a deletion is last: an id is not used again
    after it was deleted. What else shares a second goes by event id, which says nothing but is always the same.
-#}

{#- Numbers what happened to an object, 1 for the first. -#}
{% macro happening_number(key) -%}
    row_number() over (
        partition by {{ key }}
        order by
            happened_at,
            case
                when is_deletion then 2
                when event_type like '%.create' then 0
                else 1
            end,
            event_id
    )
{%- endmacro %}
