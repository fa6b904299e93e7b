{#-
    How staging takes in the lake, pull by pull.

    The lake only ever gains files, and the same row may be in many of them. A staging model keeps the latest version of
    each row. What it took in before it knows by the files' names, kept in `build_log.taken_files`; never by a clock,
    because a file may land late with an older time in it. In one transaction on one connection a build of a model

    1. (pre-hook) lists the files that it has not taken in yet, in a variable of the connection,
    2. reads those files, lets their rows compete with the rows that are here, and keeps the winners,
    3. (post-hook) adds those files to `build_log.taken_files`.

    All three are committed together or not at all. A full refresh reads the whole source and starts the list afresh;
    a file that lands while it reads may be read and not be listed, and is then read again: the result is the same.

    The winner is the greatest (updated, pulled, whole row); of the deliveries of an event, the first (received, whole
    row). Both are total orders on what the rows say, so the order in which files are taken in cannot matter, and
    incremental equals full refresh.

    `stg_ordergroove__item_places` has no winners: it adds rows up, by least and greatest values, which is as good an order.

    A staging model that reads no source, but another staging model, takes in no files: the hooks do nothing then.
-#}

{#- What a model selects from: the rows that it has not taken in yet, or all rows of the source on a full refresh. -#}
{% macro raw_rows(relation) -%}
    {#- The rows of a unit test stand for the new files. -#}
    {%- if execute and model.resource_type == 'model' and is_incremental() -%}
        {{ adapter.dispatch('rows_of_new_files')() }}
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__rows_of_new_files() -%}
    read_parquet(getvariable('files_to_take_in'), union_by_name = true, hive_partitioning = false)
{%- endmacro %}


{#-
    The rows of `candidates` and of this table, the latest for each key. `updated` is the column that Ordergroove dates a
    version by; objects without one go by the pull alone.
-#}
{% macro latest_versions(candidates, key, updated=none) -%}
    {%- do must_replace(key) -%}
    {{ adapter.dispatch('latest_versions')(candidates, key, updated) }}
{%- endmacro %}

{% macro duckdb__latest_versions(candidates, key, updated) -%}
    {%- set by_update = updated ~ ' desc nulls last, ' if updated else '' -%}
    {{ duckdb__winners(candidates, key, order=by_update ~ '_pulled_at desc nulls last, versions desc') }}
{%- endmacro %}


{#-
    The rows of `candidates` and of this table, the delivery that was received first for each key. Ties go by the whole
    row, what the event says before where it lay.
-#}
{% macro first_deliveries(candidates, key) -%}
    {%- do must_replace(key) -%}
    {{ adapter.dispatch('first_deliveries')(candidates, key) }}
{%- endmacro %}

{% macro duckdb__first_deliveries(candidates, key) -%}
    {{ duckdb__winners(candidates, key, order='received_at asc nulls last, versions asc') }}
{%- endmacro %}


{#-
    The rows of `candidates` and of this table, one for each version: what was seen last of it, and when it was seen first
    and last. Ties go by what the row says. For history: no version is dropped for a newer one.
-#}
{% macro every_version(candidates, key) -%}
    {%- do must_replace(key) -%}
    {{ adapter.dispatch('every_version')(candidates, key) }}
{%- endmacro %}

{% macro duckdb__every_version(candidates, key) -%}
    {%- set first_seen_at = 'min(versions.first_seen_at) over (partition by ' ~ key ~ ')' -%}
    {{ duckdb__winners(
        candidates, key,
        order='last_seen_at desc, versions desc',
        columns='versions.* replace (' ~ first_seen_at ~ ' as first_seen_at)'
    ) }}
{%- endmacro %}


{#-
    The rows of `candidates` and of this table, the earliest for each key: by a column that grows from file to file, then by
    the pull. For a log whose rows never change, and whose order in the list says which came first.
-#}
{% macro first_listings(candidates, key, by) -%}
    {%- do must_replace(key) -%}
    {{ adapter.dispatch('first_listings')(candidates, key, by) }}
{%- endmacro %}

{% macro duckdb__first_listings(candidates, key, by) -%}
    {{ duckdb__winners(
        candidates, key, order=by ~ ' asc nulls last, _pulled_at asc nulls last, list_position asc nulls last, versions asc'
    ) }}
{%- endmacro %}


{#- The number of a raw row in its file, from 0. Pages land as they come, so this is the place in Ordergroove's list. -#}
{% macro place_in_file() -%}
    {{ adapter.dispatch('place_in_file')() }}
{%- endmacro %}

{% macro duckdb__place_in_file() -%}
    file_row_number
{%- endmacro %}


{#-
    The rows of `candidates` and of this table that share their keys. For a model that adds rows up: with aggregates for
    which neither order nor repetition matters, such as min and max.
-#}
{% macro rows_to_reckon_with(candidates, key) -%}
    {%- do must_replace(key) -%}
    {{ adapter.dispatch('rows_to_reckon_with')(candidates, key) }}
{%- endmacro %}

{% macro duckdb__rows_to_reckon_with(candidates, key) -%}
    select *, {{ build_number() }} as _built_in from {{ candidates }}
    {%- if is_incremental() %}
    union all by name
    select * from {{ this }} where {{ key }} in (select {{ key }} from {{ candidates }})
    {%- endif %}
{%- endmacro %}


{#- Who has no rival wins, and need not be ranked: on a fresh start that is nearly every row. -#}
{% macro duckdb__winners(candidates, key, order, columns='versions.*') -%}
    with rows_of_both as (
        {{ rows_to_reckon_with(candidates, key) }}
    ),

    rivals as (
        select {{ key }} from rows_of_both group by {{ key }} having count(*) > 1
    )

    select versions.*
    from rows_of_both as versions
    anti join rivals using ({{ key }})
    union all by name
    select *
    from (
        select {{ columns }}
        from rows_of_both as versions
        semi join rivals using ({{ key }})
        qualify row_number() over (partition by {{ key }} order by {{ order }}) = 1
    )
{%- endmacro %}


{#- Without it dbt would add the winners and leave the losers. (The copy that a unit test gets has none.) -#}
{% macro must_replace(key) -%}
    {%- if execute and model.resource_type == 'model' and config.get('unique_key') != key -%}
        {%- do exceptions.raise_compiler_error(model.name ~ ": the model's unique_key must be '" ~ key ~ "'") -%}
    {%- endif -%}
{%- endmacro %}


{% macro find_files_to_take_in() -%}
    {%- if execute and model.sources -%}
        {{ adapter.dispatch('find_files_to_take_in')(is_incremental()) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__find_files_to_take_in(knows_some) -%}
    {%- if not knows_some %}
        delete from {{ taken_files() }} where model = '{{ model.name }}';
    {%- endif %}
    {#- The empty file that holds the schema is always read: the list is never empty, and every column is there. #}
    set variable files_to_take_in = (
        select list(file order by file)
        from glob(getvariable('lake') || '/{{ lake_folder() }}/**/*.parquet')
        where
            file like '%/_schema.parquet'
            or {{ path_in_lake('file') }} not in (
                select taken.file from {{ taken_files() }} as taken where taken.model = '{{ model.name }}'
            )
    )
{%- endmacro %}


{% macro remember_taken_files() -%}
    {%- if execute and model.sources -%}
        {{ adapter.dispatch('remember_taken_files')() }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__remember_taken_files() -%}
    insert into {{ taken_files() }} (model, file)
    select '{{ model.name }}', {{ path_in_lake('file') }}
    from (select unnest(getvariable('files_to_take_in')) as file)
    where file not like '%/_schema.parquet'
{%- endmacro %}


{% macro taken_files() -%}
    {{ api.Relation.create(database=target.database, schema='build_log', identifier='taken_files') }}
{%- endmacro %}


{#- Where the files of this model's source lie in the lake. The same layout as in the sources' `external_location`. -#}
{% macro lake_folder() -%}
    {%- set source_name, table = model.sources[0] -%}
    {%- set elsewhere = {'pulls': 'pulls', 'webhook_events': 'events'} -%}
    {{- elsewhere.get(table, 'raw/' ~ table) -}}
{%- endmacro %}


{#- A file's name from the lake's root on, so that a data folder can be moved. -#}
{% macro path_in_lake(file) -%}
    regexp_extract({{ file }}, '.*/({{ lake_folder() }}/.*)$', 1)
{%- endmacro %}
