{#-
    The descriptions of models and columns, kept in the warehouse as comments. dbt's own macro asks the database twice what
    columns there are, of each model in each build; ours are all written, and a column that is not there stops the build.
-#}

{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- call statement('descriptions') -%}
        {%- if for_relation and config.persist_relation_docs() and model.description %}
            {{ alter_relation_comment(relation, model.description) }}
        {%- endif -%}
        {%- if for_columns and config.persist_column_docs() -%}
            {%- for column in model.columns.values() if column.description %}
                comment on column {{ relation }}.{{ adapter.quote(column.name) }} is {{ duckdb_escape_comment(column.description) }};
            {%- endfor -%}
        {%- endif -%}
    {%- endcall -%}
{%- endmacro %}
