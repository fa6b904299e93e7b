{#-
    Fails on each object whose outcome is `deleted` without a standing deletion, and on each standing deletion of an
    object with another outcome or time.
-#}
{% test deletions_match_fct_deletions(model, column_name, object_type) %}

select
    here.{{ column_name }},
    here.outcome,
    here.deleted_at,
    standing.object_id,
    standing.deleted_at as stands_since
from {{ model }} as here
full outer join (
    select * from {{ ref('fct_deletions') }}
    where object_type = '{{ object_type }}' and undeleted_at is null
) as standing
    on here.{{ column_name }} = standing.object_id
where
    here.{{ column_name }} is null
    or (here.outcome = 'deleted') != (standing.object_id is not null)
    or here.deleted_at != standing.deleted_at

{% endtest %}
