{#-
    How rows come into tables, in DuckDB, in one transaction with the hooks. dbt's own ways are for databases that cannot
    drop a table in a transaction, and for tables of which nothing is known: they compute into another table, ask which
    columns there are, up to five times, and copy or rename. Of a build of little, that was a quarter.

    An incremental model that appends adds its new rows: those in their way are gone already (macros/changes.sql), and a
    changed model starts afresh. A table is dropped and made again. All else is dbt's.
-#}

{% materialization incremental, adapter='duckdb' -%}
    {%- set appends = config.get('incremental_strategy') == 'append' and config.get('on_schema_change') == 'fail' -%}
    {%- if not (appends and is_incremental()) -%}
        {%- do return(dbt.materialization_incremental_duckdb()) -%}
    {%- endif -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do return(in_one_transaction(target_relation, 'insert into ' ~ target_relation ~ ' by name ' ~ compiled_code)) -%}
{%- endmaterialization %}


{% materialization table, adapter='duckdb' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do return(dbt.materialization_table_duckdb()) -%}
    {%- endif -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set make = create_table_as(False, target_relation, compiled_code) -%}
    {%- do return(in_one_transaction(target_relation, 'drop table if exists ' ~ target_relation ~ '; ' ~ make)) -%}
{%- endmaterialization %}


{% macro in_one_transaction(target_relation, sql) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=False) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=True) -%}
    {%- call statement('main') -%}
        {{ sql }}
    {%- endcall -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do run_hooks(post_hooks, inside_transaction=True) -%}
    {%- do adapter.commit() -%}
    {%- do run_hooks(post_hooks, inside_transaction=False) -%}
    {%- do return({'relations': [target_relation]}) -%}
{%- endmacro %}
