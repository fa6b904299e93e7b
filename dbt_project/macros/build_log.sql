{#-
    `build_log` tells what was built, from what, and whether it may be published. It lives in the warehouse itself, so
    that it is always about this very file.

    build_log.invocations: one row for each dbt command that can change a table. A row that never got `finished_at`
    was killed; `build` numbers them, and only grows. Only a full build that passed may be published, and only while no later row casts doubt on it.
    build_log.taken_files: one row for each file that a staging model has taken in (macros/taking_in.sql).
    build_log.followed: one row for each model behind staging: until which build it knows the changes (macros/changes.sql).
-#}

{#- Commands that run hooks but change no table of ours. -#}
{% macro changes_nothing() -%}
    {%- do return(flags.WHICH in ['test', 'compile', 'docs', 'generate', 'show', 'list', 'ls', 'parse', 'freshness']) -%}
{%- endmacro %}


{#- Models remember what they have taken in and followed: with some of the rows, they would never ask for the others. -#}
{% macro refuse_part_of_the_rows() -%}
    {%- if execute and not changes_nothing() and flags.EMPTY -%}
        {%- do exceptions.raise_compiler_error(
            "og_assets is built from all rows, or not at all: run dbt without --empty. To try something, point"
            ~ " OG_DATA_DIR at a copy of the data folder."
        ) -%}
    {%- endif -%}
{%- endmacro %}


{% macro prepare_build_log() -%}
    {%- if execute %}
        create schema if not exists build_log;
        create table if not exists build_log.invocations (
            invocation_id varchar not null,
            started_at timestamp with time zone not null,
            finished_at timestamp with time zone,
            is_full boolean not null,
            passed boolean not null
        );
        alter table build_log.invocations add column if not exists build bigint;
        create table if not exists build_log.taken_files (
            model varchar not null,
            file varchar not null
        );
        alter table build_log.taken_files drop column if exists recipe;
        create table if not exists build_log.followed (
            model varchar not null,
            build bigint not null,
            began bigint not null,
            recipe varchar not null
        )
    {%- endif -%}
{%- endmacro %}


{% macro record_invocation_start() -%}
    {%- if execute and not changes_nothing() %}
        insert into build_log.invocations (invocation_id, started_at, finished_at, is_full, passed, build)
        select
            '{{ invocation_id }}',
            current_timestamp,
            null,
            false,
            false,
            1 + greatest(
                coalesce((select max(build) from build_log.invocations), 0),
                coalesce((select max(build) from build_log.followed), 0)
            )
    {%- endif -%}
{%- endmacro %}


{#-
    Passed means: this was `dbt build`, and every node and test ended well; a skipped one did not. Other
    commands (`run`, `seed`, `retry`) change tables without testing all of them, so they never pass.
-#}
{% macro record_invocation_end(results) -%}
    {%- if execute and not changes_nothing() -%}
        {{ drop_retired_marts(results) }}
        {%- set is_build = flags.WHICH == 'build' -%}
        {%- set bad = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list %}
        update build_log.invocations
        set
            finished_at = current_timestamp,
            is_full = {{ is_build and holds_everything(results) }},
            passed = {{ is_build and results | length > 0 and bad | length == 0 }}
        where invocation_id = '{{ invocation_id }}'
    {%- endif -%}
{%- endmacro %}


{#-
    A mart that the project no longer has must not stay among those that are published. A part of the project knows
    nothing of the rest, so only a whole build clears up.
-#}
{% macro drop_retired_marts(results) -%}
    {%- if flags.WHICH == 'build' and holds_everything(results) -%}
        {%- set kept = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | map(attribute='name') | list -%}
        {#- Begins no transaction: dbt would roll it back, and what the hook writes with it. -#}
        {%- call statement('marts', fetch_result=true, auto_begin=false) -%}
            select table_name, table_type from information_schema.tables where table_schema = 'marts' order by table_name
        {%- endcall -%}
        {%- for name, kind in load_result('marts')['data'] if name not in kept %}
            drop {{ 'view' if kind == 'VIEW' else 'table' }} marts.{{ adapter.quote(name) }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- Whether every enabled model, seed, snapshot and data test is among the results. Unit tests are of the code, not of the data. -#}
{% macro holds_everything(results) -%}
    {%- set ran = results | map(attribute='node.unique_id') | list -%}
    {%- set wanted = graph.nodes.values() | selectattr('resource_type', 'in', ['model', 'seed', 'snapshot', 'test'])
        | map(attribute='unique_id') | list -%}
    {%- set missing = wanted | reject('in', ran) | list -%}
    {%- do return(missing | length == 0) -%}
{%- endmacro %}
