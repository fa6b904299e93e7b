{#-
    Fails on each row with a null in one of the columns, and names these columns. One test per model instead of one per
    column, because the number of tests determines the build time.
-#}
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
