{#- Fails on each row without a value in one of the columns, and names them. One test of a model instead of one of each
    column: what costs time is the number of tests. -#}
{% test is_complete(model, columns) %}

select
    {% for column in columns %}
        case when {{ column }} is null then '{{ column }} ' else '' end {{ '||' if not loop.last }}
    {% endfor %} as null_columns,
    *
from {{ model }}
where
    {% for column in columns %}
        {{ 'or ' if not loop.first }}{{ column }} is null
    {% endfor %}

{% endtest %}
