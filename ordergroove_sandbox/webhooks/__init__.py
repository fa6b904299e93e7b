"""What the store tells of by itself: events as webhooks, signed, delivered by POST or written into dump files.

Belongs here: payloads, signatures, retries, dumps, and what goes wrong on the way. Not here: what happens in the store
(state), what a receiver makes of it. Nothing in this package changes the state.

    payloads    the object in an event         signing     keys, their rotation, the header
    snapshots   the rows around it             schedules   when a delivery is tried again
    messages    the whole event as bytes       targets     where deliveries go; dumps: into files
                                               hooks       from the event_log to the targets
                                               admin       targets and keys over HTTP
"""

from .delivery import DEFAULT_KEY, Webhooks
from .event_files import EventFileFolder
from .messages import Shape
from .signing import SigningKeys, sign
from .targets import Delivery, Target

__all__ = ["DEFAULT_KEY", "Delivery", "EventFileFolder", "Shape", "SigningKeys", "Target", "Webhooks", "sign"]
