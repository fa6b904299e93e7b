{#- Small conversions that engines spell differently, or that should be spelled once. -#}

{#- Raw money keeps four decimals; analysts get two. A sum is made as wide as can be, which a scan pays for. -#}
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


{#- Null where the text is no boolean. -#}
{% macro boolean_or_null(text) -%}
    {{ adapter.dispatch('boolean_or_null')(text) }}
{%- endmacro %}

{% macro duckdb__boolean_or_null(text) -%}
    try_cast({{ text }} as boolean)
{%- endmacro %}


{#- The day that text begins with, whatever hour follows. Null where it begins with none. -#}
{% macro date_or_null(text) -%}
    {{ adapter.dispatch('date_or_null')(text) }}
{%- endmacro %}

{% macro duckdb__date_or_null(text) -%}
    {#- The pattern keeps out `infinity`, which DuckDB takes for a date. -#}
    try_cast(regexp_extract({{ text }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}') as date)
{%- endmacro %}


{#- From Unix seconds as text to an instant. Null for anything else, and for milliseconds: they would be past the year 9999. -#}
{% macro epoch_instant(text) -%}
    {{ adapter.dispatch('epoch_instant')(text) }}
{%- endmacro %}

{% macro duckdb__epoch_instant(text) -%}
    case
        when try_cast({{ text }} as bigint) between 0 and 253402300799
            then to_timestamp(try_cast({{ text }} as bigint))
    end
{%- endmacro %}


{#-
    All of `relation`, and one column of text for each of these keys of a JSON object in one of its columns. Null for keys
    that are not there, and in every row without an object. For many keys: the JSON is read once, and not once for each.
-#}
{% macro with_json_texts(relation, column, keys) -%}
    {{ adapter.dispatch('with_json_texts')(relation, column, keys) }}
{%- endmacro %}

{% macro duckdb__with_json_texts(relation, column, keys) -%}
    {%- set types = {} -%}
    {%- for key in keys -%}
        {%- do types.update({key: 'VARCHAR'}) -%}
    {%- endfor -%}
    select
        parsed.* exclude (_texts),
        _texts.*
    from (
        select
            *,
            json_transform(case when json_valid({{ column }}) then {{ column }} end, '{{ tojson(types) }}') as _texts
        from {{ relation }}
    ) as parsed
{%- endmacro %}


{#- An aggregate: of the values of a column that are not null, the one in the row where `by` is greatest. -#}
{% macro newest_known(column, by) -%}
    {{ adapter.dispatch('newest_known')(column, by) }}
{%- endmacro %}

{% macro duckdb__newest_known(column, by) -%}
    arg_max({{ column }}, {{ by }})
{%- endmacro %}


{#- The same, where `by` is least. -#}
{% macro oldest_known(column, by) -%}
    {{ adapter.dispatch('oldest_known')(column, by) }}
{%- endmacro %}

{% macro duckdb__oldest_known(column, by) -%}
    arg_min({{ column }}, {{ by }})
{%- endmacro %}


{#- One text key out of several columns. -#}
{% macro surrogate_key(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as varchar), '')") -%}
    {%- endfor -%}
    {{ dbt.hash(parts | join(" || '|' || ")) }}
{%- endmacro %}


{#- A window function: of the values of a column that are not null, the one in the last row of the window. -#}
{% macro last_known(column) -%}
    {{ adapter.dispatch('last_known')(column) }}
{%- endmacro %}

{% macro duckdb__last_known(column) -%}
    last_value({{ column }} ignore nulls)
{%- endmacro %}


{#- What a raw row calls its window, of the first and last windows that a pull recorded. -#}
{% macro window_label() -%}
    case when first_window = last_window then first_window else first_window || '..' || last_window end
{%- endmacro %}


{#- A relation of one column, with a row for each of these numbers. -#}
{% macro one_row_each(column, numbers) -%}
    {%- for number in numbers -%}
        select {{ number }} as {{ column }} {{- ' union all ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
