{#- Ages of what began on a day, and one row for each of them. -#}

{#-
    Of the monthly anniversaries of a day, the number of the first that is not before another day; 0 for a day before the
    first. A month after the last of January is the last of February, so one more month always is a later day. By choice
    (`cohort_age`) ages are not reached on anniversaries but on the last days of calendar months.
-#}
{% macro months_of_age(first_day, day) -%}
    greatest(
        0,
        {{ datediff(first_day, day, 'month') }}
        {%- if var('cohort_age') != 'calendar_months' %}
        + case
            when {{ months_later(first_day, datediff(first_day, day, 'month')) }} < {{ day }} then 1
            else 0
        end
        {%- endif %}
    )
{%- endmacro %}


{#- The day on which the last of those who began in a month is so many months old. -#}
{% macro whole_month_is_of_age(month, months) -%}
    {%- if var('cohort_age') == 'calendar_months' -%}
        {{ days_later(months_later(month, months ~ ' + 1'), -1) }}
    {%- else -%}
        {{ months_later(days_later(months_later(month, 1), -1), months) }}
    {%- endif -%}
{%- endmacro %}


{#- All of `relation`, each row once for every whole number from 0 to the value of a column, in a column `number`. -#}
{% macro counted_up(relation, upto) -%}
    {{ adapter.dispatch('counted_up')(relation, upto) }}
{%- endmacro %}

{% macro duckdb__counted_up(relation, upto) -%}
    select
        *,
        unnest(range(0, cast({{ upto }} as bigint) + 1)) as number
    from {{ relation }}
{%- endmacro %}


{#- The first day of a day's quarter. -#}
{% macro quarter_of(day) -%}
    {{ adapter.dispatch('quarter_of')(day) }}
{%- endmacro %}

{% macro duckdb__quarter_of(day) -%}
    cast(date_trunc('quarter', {{ day }}) as date)
{%- endmacro %}
