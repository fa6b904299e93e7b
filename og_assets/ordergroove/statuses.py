"""List the order statuses that are open (the order may still change or be deleted) and those that are closed.

A status in neither list is unknown: the open-ID listing does not request it, so deletions of its orders are not found.

Source: reference page "Orders", status codes. dbt's seed `order_statuses` says what each status means in the marts; a
test compares the two.
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
