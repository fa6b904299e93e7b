"""The world behind the sandbox: a store, its customers, and time.

Belongs here: state and behaviour, and the chronicle of all that happened. Not here: HTTP, JSON, or what a client can
see of it (rest, webhooks); this package knows nothing of being looked at.

    records     what there is                    timeline             when what happens
    table       where it is kept                 behaviour, deeds     what people do, and how often
    state       all of it, with clock and luck   placement, stock     the nights
    chronicle   the past                         reminders            the mornings
    checkout, subscriptions, prepaid, orders, entitlements, merchant  what a deed brings about
"""
