{#-
    When an incremental model starts afresh: after an upgrade, or when ORDERGROOVE_TIMEZONE or a definition was corrected.
    Otherwise old rows would keep the old meaning, and nobody would see it.

    The recipe of a model is what its rows depend on besides the rows that come: its code; the time zone; the variables in
    its code; the macros; the recipes by which its parents were built, and when those that are incremental began; and the
    contents of seeds and of what it reads whole (`meta: {reads_whole: […]}`). Of parents and seeds it is what is in the
    warehouse that counts, not what is in the project: after a build of a part, the rest would be taken for new.
-#}

{#- dbt asks this before it builds an incremental model, and so does every macro of ours: the answer is kept. -#}
{% macro should_full_refresh() -%}
    {%- set configured = config.get('full_refresh') -%}
    {%- if configured is none and execute and model.config.materialized == 'incremental' and not flags.FULL_REFRESH -%}
        {%- if 'starts_afresh' not in model -%}
            {%- do model.update({'starts_afresh': follows_another_recipe()}) -%}
        {%- endif -%}
        {%- do return(model.starts_afresh) -%}
    {%- endif -%}
    {%- do return(flags.FULL_REFRESH if configured is none else configured) -%}
{%- endmacro %}


{#- What a model is made of is done before it begins: its recipe is asked for once. -#}
{% macro recipe() -%}
    {%- if 'recipe' not in model -%}
        {%- do model.update({'recipe': asked_recipe()}) -%}
    {%- endif -%}
    {%- do return(model.recipe) -%}
{%- endmacro %}

{% macro asked_recipe() -%}
    {%- set parts = [model.raw_code, store_timezone(), var('macros')] + definitions() -%}
    {%- set small = [] -%}
    {%- set parents = [] -%}
    {%- for id in model.depends_on.nodes | sort -%}
        {%- if id.startswith('seed.') -%}
            {%- do small.append(graph.nodes[id].alias) -%}
        {%- elif id.startswith('model.') -%}
            {%- do parents.append(graph.nodes[id]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do parts.append(recorded_recipes(parents)) -%}
    {%- for name in small + config.get('meta', {}).get('reads_whole', []) -%}
        {%- set rows = adapter.get_relation(target.database, 'intermediate', name) -%}
        {%- do parts.append('' if rows is none else run_query(whole_contents(rows)).columns[0].values()[0] | string) -%}
    {%- endfor -%}
    {%- do return(local_md5(parts | join('|'))) -%}
{%- endmacro %}

{#- Whole tables begin with each build: when they did so tells nothing. -#}
{% macro recorded_recipes(parents) -%}
    {%- set names = ["''"] -%}
    {%- set incremental = ["''"] -%}
    {%- for parent in parents -%}
        {%- do names.append("'" ~ parent.name ~ "'") -%}
        {%- if parent.config.materialized == 'incremental' -%}
            {%- do incremental.append("'" ~ parent.name ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set found = run_query(
        "select model || ' ' || recipe || ' ' || case when model in (" ~ incremental | join(', ') ~ ") then cast(began as varchar) else '' end"
        ~ " from " ~ followed() ~ " where model in (" ~ names | join(', ') ~ ") order by model"
    ).columns[0].values() -%}
    {%- do return(found | join(' ')) -%}
{%- endmacro %}

{% macro whole_contents(relation) -%}
    {{ adapter.dispatch('whole_contents')(relation) }}
{%- endmacro %}

{% macro duckdb__whole_contents(relation) -%}
    select md5(cast(list(whole order by whole) as varchar)) from {{ relation }} as whole
{%- endmacro %}

{#- The variables of dbt_project.yml that say what a number means, as far as the model names them. -#}
{% macro definitions() -%}
    {%- set names = [
        'same_act_seconds', 'churn_date_rule', 'net_retention_with_reactivation', 'new_subscriber_days', 'cohort_member',
        'cohort_age', 'cohorts_hold_imports', 'survival_until', 'forecast_days', 'forecast_horizons'
    ] -%}
    {%- set values = [] -%}
    {%- for name in names if name in model.raw_code -%}
        {%- do values.append(name ~ '=' ~ var(name)) -%}
    {%- endfor -%}
    {%- do return(values) -%}
{%- endmacro %}


{% macro follows_another_recipe() -%}
    {%- if adapter.get_relation(target.database, 'build_log', 'followed') is none -%}
        {%- do return(true) -%}
    {%- endif -%}
    {%- set recorded = run_query(
        "select recipe from " ~ followed() ~ " where model = '" ~ model.name ~ "'"
    ).columns[0].values() -%}
    {%- do return(recorded | list != [recipe()]) -%}
{%- endmacro %}
