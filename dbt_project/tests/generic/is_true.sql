{#- Fails on each row for which the expression does not hold. What cannot be known (null) holds. -#}
{% test is_true(model, expression) %}

select *
from {{ model }}
where not ({{ expression }})

{% endtest %}
