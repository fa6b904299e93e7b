"""When customers sign up, change subscriptions, cancel and come back.

Belongs here: probabilities and waiting times. Does not belong here: the effects of an action (`subscriptions`,
`merchant`, `checkout`).
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from math import cos, tau

from .catalogue import CANCEL_REASONS
from .checkout import check_out, sign_up
from .customer_actions import CustomerActions
from .entitlements import void
from .merchant import change_price, discontinue
from .prepaid import set_renewal
from .records import UNSENT, Order, Subscription
from .scheduler import Scheduler
from .state import USER, StoreState
from .subscriptions import cancel, reactivate

_GROWTH = 0.8
"""Additional sign-ups on the last day compared with the first, as a share."""
_SUBSCRIPTIONS = ((1, 62), (2, 27), (3, 11))
_DAYS_BETWEEN_ACTIONS = 60.0
# Below 1: the risk of cancellation falls with tenure.
_TENURE_SHAPE = 0.75
_REACTIVATED, _DAYS_UNTIL_REACTIVATION = 0.2, 50.0
_CANCEL_AFTER_REJECTION = 0.3
_CHECK_OUT_AGAIN = 0.15
_REFUNDED = 0.25
_LONG_PAST = 300
"""A history of at least so many days contains one calendar month without sign-ups."""


class CustomerBehaviour:
    """Schedules the actions of customers; each action schedules the next one."""

    def __init__(
        self, state: StoreState, *, scheduler: Scheduler, customers: int, imported: int, until: datetime
    ) -> None:
        self._state = state
        self._scheduler = scheduler
        days = max((until - state.start).days, 1)
        self._days_between_customers = days / max(customers, 1)
        self._actions = CustomerActions(state, on_subscribed=self.plan_lifecycle)
        if imported:
            scheduler.at(self._daytime_from(state.start), do=partial(self._import, imported))
        self._skipped_month = _month_without_sign_ups(state.start.date(), days)
        weights = [self._attraction(state.start.date() + timedelta(days=day), day / days) for day in range(days)]
        for day in sorted(state.rng.choices(range(days), weights, k=customers - imported)):
            scheduler.at(self._daytime_from(state.start + timedelta(days=day)), do=self._sign_up)
        if customers:
            scheduler.at(until, do=self._plan_next_customer)
        for share, action in ((0.35, self._raise_prices), (0.55, self._discontinue), (0.7, self._raise_prices)):
            fixed = state.start.date() + timedelta(days=int(days * share))
            scheduler.at(datetime.combine(fixed, time(state.merchant_rng.randrange(8, 18), 15)), do=action)

    def _attraction(self, day: date, share: float) -> float:
        return 0.0 if (day.year, day.month) == self._skipped_month else _popularity(day, share)

    def plan_lifecycle(self, subscription: Subscription) -> None:
        """Schedule the cancellation of an activated subscription, and the first action before it."""
        state = self._state
        tenure = state.rng.weibullvariate(subscription.product.staying_days, _TENURE_SHAPE)
        self._plan(tenure, partial(self._cancel_with_reason, subscription, subscription.activations))
        self._plan_action(subscription)

    def after_rejection(self, order: Order) -> None:
        """Cancel some subscriptions of a rejected order, without a reason given by the customer."""
        for item in order.items.values():
            subscription = item.subscription
            if subscription and subscription.live and self._state.rng.random() < _CANCEL_AFTER_REJECTION:
                action = partial(self._cancel_disengaged, subscription, subscription.activations)
                self._plan(self._state.rng.uniform(0, 10), action)

    # Sign-ups and cancellations

    def _sign_up(self) -> None:
        state = self._state
        customer = sign_up(state)
        self._check_out_of(customer.key)
        if state.rng.random() < _CHECK_OUT_AGAIN:
            self._plan(state.rng.expovariate(1 / 90), partial(self._check_out_of, customer.key))

    def _check_out_of(self, customer: str) -> None:
        state = self._state
        if (state.now.year, state.now.month) == self._skipped_month:
            self._plan(31, partial(self._check_out_of, customer))
            return
        (subscriptions, _), *_ = state.rng.choices(_SUBSCRIPTIONS, [weight for _, weight in _SUBSCRIPTIONS])
        for subscription in check_out(state, customer=state.customers.by_key[customer], subscriptions=subscriptions):
            self.plan_lifecycle(subscription)

    def _import(self, customers: int) -> None:
        state = self._state
        state.actor = USER
        for _ in range(customers):
            customer = sign_up(state)
            first = state.today + timedelta(days=state.rng.randrange(2, 60))
            for subscription in check_out(state, customer=customer, subscriptions=1, next_order_date=first):
                self.plan_lifecycle(subscription)

    def _plan_next_customer(self) -> None:
        self._plan(self._state.rng.expovariate(1 / self._days_between_customers), self._next_customer)

    def _next_customer(self) -> None:
        self._sign_up()
        self._plan_next_customer()

    def _cancel_with_reason(self, subscription: Subscription, activation: int) -> None:
        if _is_same_activation(subscription, activation):
            reasons = [weight for _, _, weight in CANCEL_REASONS]
            ((code, text, _),) = self._state.rng.choices(CANCEL_REASONS, reasons)
            self._cancel(subscription, reason=f"{code}|{text}")

    def _cancel_disengaged(self, subscription: Subscription, activation: int) -> None:
        if _is_same_activation(subscription, activation):
            self._cancel(subscription, reason=self._state.rng.choice(("9|Disengaged", "113|Disengaged")))

    def _cancel(self, subscription: Subscription, *, reason: str) -> None:
        rng = self._state.rng
        if subscription.prepaid is not None:
            # A prepaid subscription sends the shipments that are paid for and then ends.
            set_renewal(self._state, subscription=subscription, behavior="cancel")
            return
        cancel(self._state, subscription=subscription, reason=reason)
        resource = subscription.product.resource
        if resource is not None and rng.random() < _REFUNDED:
            self._state.actor = USER
            void(self._state, customer=subscription.customer, resource=resource)
        if rng.random() < _REACTIVATED:
            self._plan(
                rng.expovariate(1 / _DAYS_UNTIL_REACTIVATION),
                partial(self._reactivate, subscription, subscription.activations),
            )

    def _reactivate(self, subscription: Subscription, activation: int) -> None:
        if subscription.live or subscription.activations != activation:
            return
        soon = self._state.today + timedelta(days=self._state.rng.randrange(1, 15))
        reactivate(self._state, subscription=subscription, next_order_date=soon)
        customer = subscription.customer
        details = {"key": "welcome_back", "workflow": "Welcome back", "context": {"subscription": subscription.key}}
        self._state.emit("workflow.send_communication", row=customer, customer=customer, details=details)
        self.plan_lifecycle(subscription)

    # Actions of active subscribers

    def _plan_action(self, subscription: Subscription) -> None:
        wait = self._state.rng.expovariate(1 / _DAYS_BETWEEN_ACTIONS)
        self._plan(wait, partial(self._perform_action, subscription, subscription.activations))

    def _perform_action(self, subscription: Subscription, activation: int) -> None:
        if not _is_same_activation(subscription, activation):
            return
        if subscription.upcoming is not None and subscription.upcoming.order.status == UNSENT:
            self._actions.perform_random(subscription)
        self._plan_action(subscription)

    # The merchant

    def _raise_prices(self) -> None:
        self._state.actor = USER
        sold = [product for product in self._state.products if product.popularity]
        for product in self._state.merchant_rng.sample(sold, 3):
            change_price(self._state, product=product, price=product.price * 105 // 100)

    def _discontinue(self) -> None:
        self._state.actor = USER
        product, successor = (self._state.products.by_key[key] for key in self._state.retiring)
        discontinue(self._state, product=product, successor=successor)

    # Scheduling

    def _plan(self, days: float, action: Callable[[], None]) -> None:
        self._scheduler.at(self._daytime_from(self._state.now + timedelta(days=days)), do=action)

    def _daytime_from(self, moment: datetime) -> datetime:
        """Return a random time between 7:00 and 23:00 within a day of the given moment."""
        rng = self._state.rng
        candidate = datetime.combine(moment.date(), time(rng.randrange(7, 23), rng.randrange(60), rng.randrange(60)))
        return candidate if candidate >= moment else candidate + timedelta(days=1)


def _is_same_activation(subscription: Subscription, activation: int) -> bool:
    return subscription.live and subscription.activations == activation


def _month_without_sign_ups(start: date, days: int) -> tuple[int, int] | None:
    if days < _LONG_PAST:
        return None
    day = start + timedelta(days=int(days * 0.45))
    return day.year, day.month


def _popularity(day: date, share: float) -> float:
    """Return the relative number of sign-ups on a day: growth, a peak in January, fewer on week-ends."""
    season = 1 + 0.25 * cos(tau * (day.timetuple().tm_yday - 15) / 365)
    return (1 + _GROWTH * share) * season * (0.8 if day.weekday() >= 5 else 1.0)
