{#- Small conversions that engines spell differently, or that should be spelled once. -#}

{#- Raw money keeps four decimals; analysts get two. -#}
{% macro money(amount) -%}
    cast({{ amount }} as decimal(18, 2))
{%- endmacro %}


{#-
    The value of a key of a JSON object as text. Null for prose, arrays, null and objects without the key.
    CASE, and not AND: DuckDB evaluates both sides of AND, and reading prose as JSON is an error.
-#}
{% macro json_text(column, key) -%}
    {{ adapter.dispatch('json_text')(column, key) }}
{%- endmacro %}

{% macro duckdb__json_text(column, key) -%}
    case when json_valid({{ column }}) then json_extract_string({{ column }}, '$.{{ key }}') end
{%- endmacro %}


{#- Whether text is a JSON object, and not prose. -#}
{% macro is_json_object(column) -%}
    {{ adapter.dispatch('is_json_object')(column) }}
{%- endmacro %}

{% macro duckdb__is_json_object(column) -%}
    case when json_valid({{ column }}) then json_type({{ column }}) = 'OBJECT' else false end
{%- endmacro %}


{#- Null where the text is no number: an odd value must not stop a build. -#}
{% macro number_or_null(text, data_type='bigint') -%}
    {{ adapter.dispatch('number_or_null')(text, data_type) }}
{%- endmacro %}

{% macro duckdb__number_or_null(text, data_type) -%}
    try_cast({{ text }} as {{ data_type }})
{%- endmacro %}


{#- One text key out of several columns. -#}
{% macro surrogate_key(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as varchar), '')") -%}
    {%- endfor -%}
    {{ dbt.hash(parts | join(" || '|' || ")) }}
{%- endmacro %}
