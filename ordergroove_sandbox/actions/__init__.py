"""What can be done to a store by hand: the methods of a store that change it, as a subscriber or their support would.

Belongs here: finding rows by their ids, and the lock. Not here: what follows from a action (state). A row that is not
there is a KeyError; what the state of a row does not allow is a ValueError with a sentence.
"""

from .order_actions import OrderActions
from .subscription_actions import SubscriptionActions


class Actions(SubscriptionActions, OrderActions):
    """Everything that can be done by hand."""


__all__ = ["Actions"]
