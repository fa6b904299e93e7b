"""Webhooks: events as signed messages, delivered by POST or written to files.

Belongs here: payloads, signatures, retries, event files, faults of delivery. Does not belong here: what happens in the
store (`domain`). Nothing in this package changes the store.

    payloads    object of an event              signing           keys, rotation, header
    snapshots   rows around the object          retry_schedules   times of retries
    messages    event as bytes                  targets           addresses; event_files: files
                                                delivery          queue from the event log to the targets
                                                admin             targets and keys over HTTP
"""

from .delivery import DEFAULT_KEY, Webhooks
from .event_files import EventFileFolder
from .messages import Shape
from .signing import SigningKeys, sign
from .targets import Delivery, Target

__all__ = ["DEFAULT_KEY", "Delivery", "EventFileFolder", "Shape", "SigningKeys", "Target", "Webhooks", "sign"]
