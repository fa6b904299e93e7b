"""What can go wrong with the receiver, said in a sentence that tells what to do.

ReceiverError
├── InboxError     the inbox cannot be written
└── NotKeptError   an event is not on disk; the sender must send it again
"""

from og_assets.errors import ExplainedError


class ReceiverError(ExplainedError):
    """Root of the tree."""


class InboxError(ReceiverError):
    """The receiver cannot begin, because it could keep nothing."""


class NotKeptError(ReceiverError):
    """The event is not on disk, so it is not acknowledged."""
