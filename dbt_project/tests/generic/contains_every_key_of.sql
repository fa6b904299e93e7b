{#- Fails on each key of another model that has no row here. -#}
{% test contains_every_key_of(model, column_name, to) %}

select missing.{{ column_name }}
from {{ to }} as missing
left join {{ model }} as here
    on missing.{{ column_name }} = here.{{ column_name }}
where here.{{ column_name }} is null

{% endtest %}
