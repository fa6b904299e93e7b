"""Which order statuses are open, so that an order that has one may still change and vanish, and which are closed.

A status that is in neither list is new to us: no census asks for it, and its orders may vanish as well.

Source: reference page "Orders", status codes. What each status means in the marts is dbt's seed `order_statuses`; a
test holds the two together.
"""

OPEN_STATUSES: tuple[int, ...] = (
    1,  # unsent
    6,  # send now
    9,  # pending batch response
    10,  # pending verification
    11,  # pending placement
    12,  # exception during placement preparation
    13,  # connection error during placement
    15,  # generic error response
    18,  # credit card retry
    19,  # awaiting retry instructions
    20,  # awaiting response classification
)

CLOSED_STATUSES: tuple[int, ...] = (
    3,  # rejected
    4,  # cancelled
    5,  # success
    14,  # response processing error
    17,  # merged
)
