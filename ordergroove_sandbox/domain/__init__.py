"""The state behind the sandbox: a store, its customers, and time.

Belongs here: state and behaviour, and the event_log of all that happened. Not here: HTTP, JSON, or what a client can
see of it (rest, webhooks); this package knows nothing of being looked at.

    records     what there is                    scheduler             when what happens
    table       where it is kept                 behaviour, actions     what people do, and how often
    state       all of it, with clock and luck   placement, stock     the nights
    event_log   the past                         reminders            the mornings
    checkout, subscriptions, prepaid, orders, entitlements, merchant  what a action brings about
"""
