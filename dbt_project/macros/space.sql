{#-
    Models that follow what changed delete rows and add others, so their tables fill with rows that are no more. DuckDB
    lets them go in a checkpoint, by writing what is left anew: after a day that changed a seventh of a store that took
    14 to 35 of 60 seconds. So one build in ten does it for all, and the others do not wait for it.
-#}

{% macro let_dead_rows_go() -%}
    {%- if execute and not changes_nothing() -%}
        {%- set build = run_query("select max(build) from build_log.invocations").columns[0].values()[0] -%}
        {{ adapter.dispatch('vacuum_with_checkpoints')(build % 10 == 0) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__vacuum_with_checkpoints(is_wanted) -%}
    set global max_vacuum_tasks = {{ 100 if is_wanted else 0 }}
{%- endmacro %}
