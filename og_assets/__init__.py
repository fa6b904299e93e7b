"""og_assets: an Ordergroove store, kept whole in a warehouse.

The rooms and what belongs in each are described in docs/architecture.md.
"""
