{#-
    Fails on each object that a webhook told deleted, and that is not deleted here because Ordergroove's own clock shows
    it alive later. Says when it was told deleted last, when it was alive, and what says so: the API, or an event's id.
-#}
{% test told_deletions_are_believed(model, column_name, events, updated_at) %}

with

told as (
    select
        {{ column_name }},
        max(case when is_deletion then happened_at end) as told_deleted_at,
        max(case when not is_deletion then happened_at end) as event_at,
        {{ newest_known('case when not is_deletion then event_id end', by='happened_at') }} as event_id
    from {{ events }}
    where happened_at is not null
    group by {{ column_name }}
),

overruled as (
    select
        here.{{ column_name }},
        told.told_deleted_at,
        told.event_at,
        told.event_id,
        {{ earliest_reading('here.' ~ updated_at) }} as api_at
    from {{ model }} as here
    inner join told
        on here.{{ column_name }} = told.{{ column_name }}
    where told.told_deleted_at is not null and here.deleted_at is null
)

select
    {{ column_name }},
    told_deleted_at,
    case when api_at is null or event_at >= api_at then event_at else api_at end as alive_at,
    case when api_at is null or event_at >= api_at then event_id else 'the API' end as alive_by
from overruled

{% endtest %}
