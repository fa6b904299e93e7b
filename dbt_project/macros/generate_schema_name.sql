{#- Schemas are called what they are (`staging`, `marts`): there is one warehouse for each data folder. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
