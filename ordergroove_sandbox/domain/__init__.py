"""The simulated store: state, customers, time, and the log of all events.

Belongs here: state, behaviour, event log. Does not belong here: HTTP, JSON and everything that a client can see
(`rest`, `webhooks`).

    records     rows                             scheduler                    the queue of future actions
    table       collections of rows              behaviour, customer_actions  what customers do, and how often
    state       all tables, clock, randomness    placement, stock             nightly order placement
    event_log   past events                      reminders                    daily reminders
    checkout, subscriptions, prepaid, orders, entitlements, merchant          changes of the state
"""
