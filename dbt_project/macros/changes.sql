{#-
    How the models behind staging follow what changed: the cost of a build goes with what came, not with the history.

    Each row of staging tells in which build it came (`_built_in`). `int_changes` lists everything whose history may be
    another one now: what the new rows tell of, and whatever hangs together with it. A model with
    `meta: {follows: <key>}`, in one transaction on one connection,

    1. (pre-hook) deletes its rows of those keys,
    2. computes them anew, reading no other row of what it is made of (`changed_only`),
    3. (post-hook) notes in `build_log.followed` until which build it has followed.

    Incremental equals full refresh as long as a row depends on nothing but what is listed with it, and the less that is,
    the less there is to do. So a model says how far it looks (`meta: {reach: …}`): within an order and its items, past
    ones included (`order`); within these and the subscriptions that they are of (`subscription`); or at all subscriptions
    of a customer (`customer`), which is followed by subscription or customer. What it is made of must look no further.

    How far a model has followed is never further than what it is made of: whatever part of the project was built,
    nothing is passed over.

    A model starts afresh when its recipe is another one than that of its rows: see macros/recipes.sql.
-#}

{#- The rows of a relation whose keys changed; on a fresh start, or in a unit test, all of them. -#}
{% macro changed_only(relation, key, column=none) -%}
    {#- A dependency that dbt must see when it parses, too. Unit tests give no row of it. -#}
    {%- if model.resource_type == 'model' and key != 'event_id' -%}
        {%- do ref('int_changes') -%}
    {%- endif -%}
    {%- if execute and model.resource_type == 'model' and is_incremental() -%}
        (select * from {{ relation }} where {{ column or key }} in ({{ changed_ids(key) }}))
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- The rows of a staging table that came since this model was built last. -#}
{% macro new_only(relation) -%}
    {%- if execute and model.resource_type == 'model' and is_incremental() -%}
        (select * from {{ relation }} where _built_in > {{ followed_until() }})
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}


{#-
    What `int_changes` may ask of a table that is made after it: how the last build left it. On a fresh start, and where
    there is no such table yet, no rows.
-#}
{% macro as_built_before(schema, name, columns) -%}
    {%- if execute and model.resource_type == 'model' and is_incremental() -%}
        {%- set relation = adapter.get_relation(target.database, schema, name) -%}
    {%- endif -%}
    {%- if relation -%}
        {{ relation }}
    {%- else -%}
        (select {% for column in columns %}cast(null as varchar) as {{ column }}{{ ', ' if not loop.last }}{% endfor %} where 1 = 0)
    {%- endif -%}
{%- endmacro %}


{% macro changed_ids(key) -%}
    {%- if key == 'event_id' -%}
        select event_id from {{ staging_relation('stg_ordergroove__webhook_events') }}
        where _built_in > {{ followed_until() }}
    {%- else -%}
        select object_id from {{ api.Relation.create(target.database, 'intermediate', 'int_changes') }}
        where
            _built_in > {{ followed_until() }}
            {%- set reaches = ['order', 'subscription', 'customer'] %}
            {%- set reach = config.get('meta', {}).get('reach') %}
            {%- if reach not in reaches -%}
                {%- do exceptions.raise_compiler_error(
                    model.name ~ ": its meta must say how far it looks, `reach: " ~ reaches | join("` or `reach: ") ~ "`; see macros/changes.sql"
                ) -%}
            {%- endif %}
            and reach in ('{{ reaches[:reaches.index(reach) + 1] | join("', '") }}')
    {%- endif -%}
{%- endmacro %}

{% macro staging_relation(name) -%}
    {{ api.Relation.create(target.database, 'staging', name) }}
{%- endmacro %}


{#- The number of this build, greater than that of any build before. -#}
{% macro build_number() -%}
    {%- if model.resource_type == 'model' -%}
        (select max(build) from build_log.invocations)
    {%- else -%}
        0
    {%- endif -%}
{%- endmacro %}


{% macro followed_until() -%}
    {{ adapter.dispatch('followed_until')() }}
{%- endmacro %}

{% macro duckdb__followed_until() -%}
    coalesce(getvariable('followed_until'), error('dbt ran no pre-hook: og_assets cannot tell what changed'))
{%- endmacro %}


{#- Pre-hook. Of a model that starts afresh, no build was followed: -1. -#}
{% macro forget_what_changed() -%}
    {%- if execute -%}
        {{ adapter.dispatch('forget_what_changed')() }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__forget_what_changed() -%}
    {%- if config.get('materialized') == 'incremental' and is_incremental() %}
        set variable followed_until = (
            select coalesce(max(followed.build), 0) from {{ followed() }} as followed where followed.model = '{{ model.name }}'
        );
        {%- if follows() %}
        delete from {{ this }} where {{ follows() }} in ({{ changed_ids(follows()) }})
        {%- endif -%}
    {%- else %}
        set variable followed_until = -1
    {%- endif -%}
{%- endmacro %}


{#- Post-hook. What a staging table holds is all that there is; every other model is as far as what it is made of. -#}
{% macro remember_what_was_followed() -%}
    {%- if execute -%}
        {%- set parents = [] -%}
        {%- for id in model.depends_on.nodes if id.startswith('model.') and not graph.nodes[id].sources -%}
            {%- do parents.append(graph.nodes[id].name) -%}
        {%- endfor %}
        create or replace temp table followed_now as
        select
            '{{ model.name }}' as model,
            least(
                {{ build_number() }}
                {%- for parent in parents -%}
                    , coalesce((select max(build) from {{ followed() }} where model = '{{ parent }}'), 0)
                {%- endfor -%}
            ) as build,
            case
                when {{ followed_until() }} = -1 then {{ build_number() }}
                else (select max(began) from {{ followed() }} where model = '{{ model.name }}')
            end as began,
            '{{ recipe() }}' as recipe;
        delete from {{ followed() }} where model = '{{ model.name }}';
        insert into {{ followed() }} select * from followed_now
    {%- endif -%}
{%- endmacro %}


{% macro follows() -%}
    {%- do return(config.get('meta', {}).get('follows')) -%}
{%- endmacro %}

{% macro followed() -%}
    {{ api.Relation.create(database=target.database, schema='build_log', identifier='followed') }}
{%- endmacro %}


{#- What all models have followed, nobody asks for again. -#}
{% macro forget_followed_changes() -%}
    {%- if execute -%}
        {%- set followers = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
            | selectattr('config.meta.follows', 'defined') | map(attribute='name') | list %}
        delete from {{ this }}
        where _built_in <= (
            select min(coalesce(known.build, 0))
            from (
                {%- for name in followers %}
                select '{{ name }}' as model {{- ' union all' if not loop.last }}
                {%- endfor %}
            ) as followers
            left join {{ followed() }} as known
                on followers.model = known.model
        )
    {%- endif -%}
{%- endmacro %}
