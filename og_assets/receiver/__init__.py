"""The receiver: accepts webhooks over HTTP and writes event files that survive a crash (docs/receiver.md).

Belongs here: HTTP, and the event file until it is in the inbox. Does not belong here: the meaning of an event, reading
the inbox (`events/`), Dagster. It imports nothing of the REST client or the sandbox.

    server         the process: options, signals, the port
    app            a request: signature, body, answer
    batch_writer   requests that wait at the same moment become one write
    journal        the open event file: append, sync, rotate into the inbox
    recovery       files that a killed receiver left open
    quarantine     signed bodies that are not events
    disk_problems  failing disk operations: counted and logged
"""
