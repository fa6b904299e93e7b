"""Proofs at length: stores that live for a year beside their warehouse, which must know every deletion in it.

A sandbox store lives on, is synced as in production, tells of itself by webhooks of which some are lost, and is then
compared with the marts: the truth is the store's own (`store.truth`), and what could be known is worked out from it
again, without a look into the lake. Belongs here: rows of the table, lives, comparing, the cost of a census. Does not
belong here: speed (`benchmarks/`), or one behaviour at a time (`tests/`).

    worlds    the rows of the table, and what varies by seed       life       a store and its syncs
    shown     what any pull, census or event ever showed           marts      what the warehouse says in the end
    verdict   the one set against the other                        cost       the requests of a census of 100,000 orders

    python -m simulations                    20 seeds of each row; writes RESULTS.md beside this file
    python -m simulations --rows stirred --seeds 3 --days 90 --keep DIR
"""
