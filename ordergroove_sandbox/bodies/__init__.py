"""JSON bodies of rows, as the REST API and the snapshots in webhooks show them.

Belongs here: one function for each kind of row and view. Does not belong here: envelopes and filters (`rest`), the
objects of webhook events, whose times are epoch seconds (`webhooks.payloads`).
"""
