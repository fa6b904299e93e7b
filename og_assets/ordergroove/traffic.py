"""Count the requests of one client, and note the times between which they were answered."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(kw_only=True)
class Traffic:
    """What a client has cost so far. Times are by the server's clock, in whole seconds.

    `first_look_at` and `last_look_at` are when the first and the last request were sent: an answer shows a state that
    is no older. `last_answer_at` is when the last request was answered: an object that its answer lacks was missing
    then.
    """

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    first_look_at: datetime | None = None
    last_look_at: datetime | None = None
    last_answer_at: datetime | None = None
