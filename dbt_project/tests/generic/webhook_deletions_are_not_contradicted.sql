{#-
    Fails on each object that a webhook reported deleted and that is not deleted here, because Ordergroove's clock
    shows it alive later. Returns the last reported deletion, the last proof of existence and its source: the API, a
    census (open-ID listing), a retrieve call (existence check) or an event's id.
-#}
{% test webhook_deletions_are_not_contradicted(model, column_name, object_type) %}

with

told as (
    select
        object_id,
        max(evidence_at) as told_deleted_at
    from {{ ref('int_deletion_evidence') }}
    where object_type = '{{ object_type }}' and evidence = 'webhook'
    group by object_id
),

signs_of_life as (
    select
        *,
        row_number() over (partition by object_id order by alive_at desc, sign) as recency
    from {{ ref('int_signs_of_life') }}
    where object_type = '{{ object_type }}'
)

select
    here.{{ column_name }},
    told.told_deleted_at,
    signs_of_life.alive_at,
    signs_of_life.sign as alive_by
from {{ model }} as here
inner join told
    on here.{{ column_name }} = told.object_id
left join signs_of_life
    on told.object_id = signs_of_life.object_id and signs_of_life.recency = 1
where here.deleted_at is null

{% endtest %}
