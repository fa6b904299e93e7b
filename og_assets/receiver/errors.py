"""What can go wrong with the receiver, said in a sentence that tells what to do.

ReceiverError
├── InboxError     the inbox cannot be written
├── LeftOpenError  the receiver has ended, and files wait to be moved into the inbox
└── NotKeptError   an event is not on disk; the sender must send it again
"""

from og_assets.errors import OgAssetsError


class ReceiverError(OgAssetsError):
    """Root of the tree."""


class InboxError(ReceiverError):
    """The receiver cannot begin, because it could keep nothing."""


class LeftOpenError(ReceiverError):
    """The receiver has ended, and what it acknowledged is on disk, but not all of it in the inbox."""


class NotKeptError(ReceiverError):
    """The event is not on disk, so it is not acknowledged."""
