"""Errors of the receiver; each message says what happened and what to do.

ReceiverError
├── InboxError     the inbox cannot be written
├── LeftOpenError  the receiver has stopped, and some files are not in the inbox yet
└── NotKeptError   an event is not on disk; the sender must send it again
"""

from og_assets.errors import OgAssetsError


class ReceiverError(OgAssetsError):
    """Base class of the receiver's errors."""


class InboxError(ReceiverError):
    """The receiver cannot start, because it could not store events."""


class LeftOpenError(ReceiverError):
    """The receiver has stopped. All acknowledged events are on disk, but some files are not in the inbox."""


class NotKeptError(ReceiverError):
    """The event is not on disk, so it is not acknowledged."""
