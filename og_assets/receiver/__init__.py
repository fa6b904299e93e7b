"""The receiver: webhooks in over HTTP, dumps out that survive a crash (`og-assets receiver`, docs/receiver.md).

Belongs here: HTTP, its limits, and the file until it lies in the inbox. Does not belong here: what an event means,
reading the inbox (`lake/`), Dagster. Nothing of the REST client or the sandbox is imported.

    protocol   a connection: how many, how slow, how large
    app        a request: signature, body, answer
    batches    the requests that wait at the same moment become one write
    journal    the open file: written, synced, rotated into the inbox
    recovery   what a dead receiver left open
    quarantine what was signed and cannot be an event
"""
