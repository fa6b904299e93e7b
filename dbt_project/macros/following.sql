{#-
    How a model that follows what changed takes in its rows: straight into its table. dbt's own way is for tables of
    which it knows nothing: it computes into a temporary table, asks five times what columns there are, and copies. Here
    a changed model starts afresh, and the rows in the way are gone already (macros/changes.sql).

    Everything else, a fresh start too, is dbt's.
-#}

{% materialization incremental, adapter='duckdb' -%}
    {%- if not (follows() and is_incremental()) -%}
        {%- do return(dbt.materialization_incremental_duckdb()) -%}
    {%- endif -%}

    {%- set table = this.incorporate(type='table') %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- call statement('main') -%}
        insert into {{ table }} by name
        {{ compiled_code }}
    {%- endcall -%}

    {%- do persist_docs(table, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [table]}) }}
{%- endmaterialization %}
