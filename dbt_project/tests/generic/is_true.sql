{#- Fails on each row for which the expression is false. Null passes. -#}
{% test is_true(model, expression) %}

select *
from {{ model }}
where not ({{ expression }})

{% endtest %}
