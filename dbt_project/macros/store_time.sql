{#-
    The store's clock. REST times are wall clock without a zone; the zone is a setting.

    In the hour that comes twice in autumn a wall-clock time means its second coming (standard time); in the hour that
    is skipped in spring it is read as standard time, an hour later on the clock. Both are what ICU does, and both keep
    one instant for one text.
-#}

{% macro store_timezone() -%}
    {#- Dagster passes the variable. By hand, the environment is read; an empty value counts as unset. -#}
    {{- var('store_timezone', '') or env_var('ORDERGROOVE_TIMEZONE', '') or 'America/New_York' -}}
{%- endmacro %}


{#- From the store's wall clock (timestamp) to an instant (timestamptz). -#}
{% macro store_instant(wall_clock) -%}
    {{ adapter.dispatch('store_instant')(wall_clock) }}
{%- endmacro %}

{% macro duckdb__store_instant(wall_clock) -%}
    timezone('{{ store_timezone() }}', {{ wall_clock }})
{%- endmacro %}


{#- From an instant (timestamptz) to the store's calendar day. -#}
{% macro store_date(instant) -%}
    {{ adapter.dispatch('store_date')(instant) }}
{%- endmacro %}

{% macro duckdb__store_date(instant) -%}
    cast(timezone('{{ store_timezone() }}', {{ instant }}) as date)
{%- endmacro %}


{#-
    The whole second that an instant lies in. Events and answers are dated in whole seconds; what is compared with them is
    brought to the same, or it would count as later within one second.
-#}
{% macro whole_second(instant) -%}
    {{ adapter.dispatch('whole_second')(instant) }}
{%- endmacro %}

{% macro duckdb__whole_second(instant) -%}
    date_trunc('second', {{ instant }})
{%- endmacro %}


{#- The first day of a day's month. -#}
{% macro month_of(day) -%}
    {{ adapter.dispatch('month_of')(day) }}
{%- endmacro %}

{% macro duckdb__month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}


{#- An instant some seconds later, or earlier where there are less than none. -#}
{% macro seconds_later(instant, seconds) -%}
    {{ adapter.dispatch('seconds_later')(instant, seconds) }}
{%- endmacro %}

{% macro duckdb__seconds_later(instant, seconds) -%}
    {{ instant }} + to_seconds({{ seconds }})
{%- endmacro %}


{#- One calendar interval of a subscription after a day; a month after the last of January is the last of February. -#}
{% macro one_interval_later(day, every, every_period) -%}
    {{ adapter.dispatch('one_interval_later')(day, every, every_period) }}
{%- endmacro %}

{% macro duckdb__one_interval_later(day, every, every_period) -%}
    cast(
        case {{ every_period }}
            when 1 then {{ day }} + to_days(cast({{ every }} as integer))
            when 2 then {{ day }} + to_days(cast(7 * {{ every }} as integer))
            when 3 then {{ day }} + to_months(cast({{ every }} as integer))
            when 4 then {{ day }} + to_months(cast(12 * {{ every }} as integer))
        end as date
    )
{%- endmacro %}


{#-
    The earliest instant that a REST time may mean, after `store_instant` has made one of it: an hour earlier in the hour
    that comes twice. For comparing it with an instant of another source, where in doubt it must not count as later.
-#}
{% macro earliest_reading(instant) -%}
    {{ adapter.dispatch('earliest_reading')(instant) }}
{%- endmacro %}

{% macro duckdb__earliest_reading(instant) -%}
    case
        when
            timezone('{{ store_timezone() }}', {{ instant }} - interval 1 hour)
            = timezone('{{ store_timezone() }}', {{ instant }})
            then {{ instant }} - interval 1 hour
        else {{ instant }}
    end
{%- endmacro %}


{#- Calendar arithmetic: the day so many days, or calendar months, later; the end of a month that is shorter. -#}
{% macro days_later(day, days) -%}
    {{ adapter.dispatch('days_later')(day, days) }}
{%- endmacro %}

{% macro duckdb__days_later(day, days) -%}
    cast({{ day }} + to_days(cast({{ days }} as integer)) as date)
{%- endmacro %}

{% macro months_later(day, months) -%}
    {{ adapter.dispatch('months_later')(day, months) }}
{%- endmacro %}

{% macro duckdb__months_later(day, months) -%}
    cast({{ day }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}


{#- A relation of the days from the first to the last of `relation`, in column `day`. None where one of them is null. -#}
{% macro every_day(relation, first, last) -%}
    {{ adapter.dispatch('every_day')(relation, first, last) }}
{%- endmacro %}

{% macro duckdb__every_day(relation, first, last) -%}
    select cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date) as day
    from {{ relation }}
{%- endmacro %}
