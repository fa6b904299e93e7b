{#-
    Questions that a mart answers with an argument: table macros beside the marts, which `publish` copies with them.
-#}

{#-
    The state of every subscription at the end of a day of the store. Made with the days, after the periods: a question
    must find its tables when it is made. By dates alone: the published file then needs to know
    nothing of time zones.
-#}
{% macro create_subscriptions_as_of() -%}
    {%- if execute -%}
        {{ adapter.dispatch('create_subscriptions_as_of')() }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__create_subscriptions_as_of() -%}
    create or replace macro {{ this.schema }}.subscriptions_as_of(day) as table
    select
        cast(day as date) as as_of_date,
        periods.*
    from {{ this.schema }}.fct_subscription_periods as periods
    where
        periods.started_date <= cast(day as date)
        and (periods.ended_date is null or periods.ended_date > cast(day as date))
        -- Of days to come nobody knows anything.
        and cast(day as date) <= (select max(days.day_date) from {{ this.schema }}.{{ this.name }} as days)
{%- endmacro %}
