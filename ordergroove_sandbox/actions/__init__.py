"""Methods of a store that change it, as a subscriber or customer service would.

Belongs here: finding rows by id, and locking. Does not belong here: the effects of a change (`domain`). An unknown id
is a KeyError; a change that the row's state does not allow is a ValueError with a message.
"""

from .order_actions import OrderActions
from .subscription_actions import SubscriptionActions


class Actions(SubscriptionActions, OrderActions):
    """All methods that change a store."""


__all__ = ["Actions"]
