"""Simulations of deletion detection: run a sandbox store for months, sync it, and compare the marts with the truth.

What tests (a sample) and `simulations/` (many seeds) share. Modules in reading order:

    scenarios     scenarios, cases (a scenario and a seed), and the times of their syncs
    run           run one case: a sandbox store, its webhooks, and the steps of each sync
    observed      which objects any pull, listing or delivered event ever showed: only these can be known
    marts         build the deletion marts with dbt, and read them
    comparison    compare the marts with the store's truth
    simulate      one case from the empty folder to its comparison
    report        comparisons as a Markdown table
"""
