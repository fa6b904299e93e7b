{#-
    Webhook events come at least once, out of order, and late. When something happened, only the event itself says: its
    `created`, in whole seconds. Within one second a creation is first, and a deletion is last: an id is not used again
    after it was deleted. A move comes after what else is told with it, which may still name the order that was left. What
    else shares a second goes by event id, which says nothing but is always the same.
-#}

{#- Numbers what happened to an object, 1 for the first. -#}
{% macro happening_number(key) -%}
    row_number() over (
        partition by {{ key }}
        order by
            happened_at,
            case
                when is_deletion then 3
                when event_type = 'item.change_order' then 2
                when event_type like '%.create' then 0
                else 1
            end,
            event_id
    )
{%- endmacro %}


{#-
    The events of one family (`item`, `order`, …), with who did it, when it happened, and a column of text for each of
    these keys of their object.
-#}
{% macro events_of(family, keys) -%}
    {%- set events -%}
        (
            select
                event_id,
                event_type,
                object_id,
                actor_type,
                actor_id,
                source,
                object,
                created_at as happened_at,
                received_at,
                _built_in
            from {{ changed_only(ref('stg_ordergroove__webhook_events'), 'event_id') }}
            where event_type like '{{ family }}.%'
        ) as events
    {%- endset -%}
    {{ with_json_texts(events, column='object', keys=keys) }}
{%- endmacro %}
