{#- Fails on each row of another model whose key is not here: what does not fit must show, not vanish. -#}
{% test has_every_row_of(model, column_name, to) %}

select missing.{{ column_name }}
from {{ to }} as missing
left join {{ model }} as here
    on missing.{{ column_name }} = here.{{ column_name }}
where here.{{ column_name }} is null

{% endtest %}
