"""Nightly placement: attempt all due orders between 00:30 and 05:00.

Belongs here: attempts, their outcomes, retries. Does not belong here: customer actions (`behaviour`), operations on
orders (`orders`).
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

from .entitlements import expire_entitlements, grant
from .orders import NotPossibleError, close_order
from .prepaid import ship_prepaid
from .records import (
    AWAITING_CLASSIFICATION,
    AWAITING_INSTRUCTIONS,
    CANCELLED,
    CARD_RETRY,
    CONNECTION_ERROR,
    GENERIC_ERROR,
    PENDING_BATCH,
    PENDING_PLACEMENT,
    PENDING_VERIFICATION,
    PREPARATION_FAILED,
    REJECTED,
    RETRYING,
    SUCCESS,
    UNREADABLE,
    UPCOMING,
    Item,
    Order,
    Response,
    Subscription,
)
from .scheduler import Scheduler
from .state import PROCESS, StoreState
from .stock import postpone_out_of_stock
from .subscriptions import renew

_NIGHT, _BATCH_ANSWER = time(0, 30), time(11, 0)
_UNREADABLE = "<html><body>502 Bad Gateway</body>"
# 00:30 to 05:00 without the hour after two: on days of a clock change it repeats or does not exist.
_BEFORE_TWO, _WHOLE = 90 * 60, 210 * 60
_MAX_GENERIC_RETRIES = _MAX_CARD_RETRIES = 3

# Share of attempts, outcome; the rest succeeds. An outcome is a response code, or a word where there is no code.
_FIRST_ATTEMPT = (
    (0.021, "140"),
    (0.012, "999"),
    (0.006, ""),
    (0.006, "reject"),
    (0.0005, "030"),
    (0.004, "verify"),
    (0.004, "queue"),
    (0.002, "prepare"),
    (0.0015, "unreadable"),
)
_RETRY = {
    CARD_RETRY: ((0.55, "140"),),
    GENERIC_ERROR: ((0.45, "999"),),
    CONNECTION_ERROR: ((0.1, ""), (0.02, "reject")),
    PREPARATION_FAILED: ((0.1, "prepare"), (0.02, "140")),
}
_AFTER_WAITING = ((0.05, "reject"),)
# Share of declined cards that pass through two temporary statuses first.
_CLASSIFIED = 0.4
_REJECTIONS = {
    "020": "Unable to find any PaymentToken against the provided CustomerProfileID",
    "110": "Invalid credit card number",
    "120": "Card has expired",
    "130": 'Billing address does not match ("AVS")',
    "160": "Declined: do not retry",
    "170": "No default card on file",
}
_MESSAGES = {
    **_REJECTIONS,
    "000": "Success",
    "140": "Card was declined",
    "999": "Internal error, please try again",
    "030": "Order cancelled by merchant",
    "": "Connection error",
    "unreadable": "The response could not be read",
}


class NightlyPlacement:
    """Schedules a placement run for every day, and attempts the orders that are due."""

    def __init__(self, state: StoreState, *, scheduler: Scheduler, on_rejected: Callable[[Order], None]) -> None:
        self._state = state
        self._scheduler = scheduler
        self._on_rejected = on_rejected
        first = datetime.combine(state.start.date(), _NIGHT)
        scheduler.at(first if first >= state.start else first + timedelta(days=1), do=self._begin)

    def _begin(self) -> None:
        state = self._state
        state.actor = PROCESS
        today = state.today
        orders = {order.key: order for order in state.due.pop(today, ()) if _is_due(state, order)}
        seconds = sorted(state.rng.randrange(_WHOLE) for _ in orders)
        for order, second in zip(orders.values(), seconds, strict=True):
            shift = timedelta(hours=1) if second >= _BEFORE_TWO else timedelta(0)
            moment = state.now + timedelta(seconds=second) + shift
            self._scheduler.at(moment, do=partial(self._attempt, order))
        expire_entitlements(state)
        self._scheduler.at(datetime.combine(today + timedelta(days=1), _NIGHT), do=self._begin)

    def _attempt(self, order: Order) -> None:
        state = self._state
        state.actor = PROCESS
        if not _is_due(state, order):
            return
        if order.status in UPCOMING:
            postpone_out_of_stock(state, order=order)
            if not order.items:
                return
            renew(state, order=order)
            if state.placement == "batch":
                answer = datetime.combine(state.today, _BATCH_ANSWER)
                self._hold(order, PENDING_BATCH, until=answer, then=self._answered)
                return
        outcome = self._draw(_RETRY.get(order.status, _FIRST_ATTEMPT))
        minutes = timedelta(minutes=state.rng.randrange(10, 60)) if outcome in ("queue", "verify") else timedelta(0)
        if outcome == "queue":
            self._hold(order, PENDING_PLACEMENT, until=state.now + minutes, then=self._answered)
        elif outcome == "verify":
            self._hold(order, PENDING_VERIFICATION, until=state.now + minutes * 20, then=self._answered)
        elif outcome == "prepare":
            self._try_again(order, PREPARATION_FAILED, days=1, event=None)
        elif outcome == "140" and state.rng.random() < _CLASSIFIED:
            minute = state.now + timedelta(minutes=1)
            self._hold(order, AWAITING_CLASSIFICATION, until=minute, then=self._classified)
        else:
            self._finish(order, outcome)

    def _hold(self, order: Order, status: int, *, until: datetime, then: Callable[[Order], None]) -> None:
        """Set a temporary status in which the order cannot be changed, and schedule the next step."""
        close_order(self._state, order=order, status=status)
        moment = until + timedelta(hours=1) if until.hour == 2 else until
        self._scheduler.at(moment, do=partial(self._continue, order, status, then))

    def _continue(self, order: Order, status: int, then: Callable[[Order], None]) -> None:
        if order.status == status:
            self._state.actor = PROCESS
            then(order)

    def finalize(self, order: Order, *, code: str) -> None:
        """Set the outcome of an order whose outcome is pending or unknown."""
        if order.status not in (PENDING_BATCH, PENDING_VERIFICATION, CONNECTION_ERROR):
            raise NotPossibleError(f"order {order.key} has no pending outcome: status {order.status}")
        if code not in _MESSAGES or code in ("", "unreadable"):
            raise NotPossibleError(f"{code!r} is not a response code")
        self._finish(order, code)

    def _answered(self, order: Order) -> None:
        self._finish(order, self._draw(_AFTER_WAITING))

    def _classified(self, order: Order) -> None:
        self._hold(
            order,
            AWAITING_INSTRUCTIONS,
            until=self._state.now + timedelta(hours=8),
            then=partial(self._finish, outcome="140"),
        )
        self._state.emit("order.awaiting_retry_instructions", row=order, customer=order.customer)

    def _finish(self, order: Order, outcome: str) -> None:
        code = self._state.rng.choice(tuple(_REJECTIONS)) if outcome == "reject" else outcome
        order.tries += 1
        order.retry_on = None
        self._apply(order, code)
        self._respond(order, code)

    def _draw(self, shares: tuple[tuple[float, str], ...]) -> str:
        draw = self._state.rng.random()
        for share, code in shares:
            if draw < share:
                return code
            draw -= share
        return "000"

    def _apply(self, order: Order, code: str) -> None:
        state = self._state
        if code == "000":
            self._succeed(order)
        elif code == "030":
            order.cancelled = state.now
            self._end(order, CANCELLED, code, event="order.cancel")
        elif code == "999":
            order.generic_error_count += 1
            if order.generic_error_count > _MAX_GENERIC_RETRIES:
                self._reject(order, code)
            else:
                self._try_again(order, GENERIC_ERROR, days=1, event="order.generic_error")
        elif code == "140":
            if order.tries > _MAX_CARD_RETRIES:
                self._reject(order, code)
            else:
                days = state.rng.randrange(3, 6)
                self._try_again(order, CARD_RETRY, days=days, event="order.retryable_placement_failure")
        elif code == "unreadable":
            close_order(state, order=order, status=UNREADABLE)
        elif code == "":
            self._try_again(order, CONNECTION_ERROR, days=1, event=None)
        else:
            self._reject(order, code)

    def _succeed(self, order: Order) -> None:
        state = self._state
        order.order_merchant_id = f"#{3000 + len(state.responses)}"
        order.rejected_message = None
        for item in order.items.values():
            item.first_placed = state.now
        close_order(state, order=order, status=SUCCESS)
        state.emit("order.success", row=order, customer=order.customer)
        for item in order.items.values():
            state.emit("item.successfully_placed", row=item, customer=order.customer)
            if item.product.resource is not None:
                grant(state, item=item)
            if item.subscription is not None:
                _count_shipment(state, item, item.subscription)
        of_items = (incentive for item in order.items.values() for incentive in item.incentives)
        for incentive in (*order.incentives, *of_items):
            incentive.applied_at = incentive.last_updated = state.now
            incentive.version += 1

    def _reject(self, order: Order, code: str) -> None:
        self._end(order, REJECTED, code, event="order.reject")
        details = {"key": "payment_failed", "workflow": "Payment failed", "context": {"order": order.key, "code": code}}
        self._state.emit("workflow.send_communication", row=order.customer, customer=order.customer, details=details)
        self._on_rejected(order)

    def _end(self, order: Order, status: int, code: str, *, event: str) -> None:
        order.rejected_message = _explain(self._state, code)
        close_order(self._state, order=order, status=status)
        self._state.emit(event, row=order, customer=order.customer)

    def _try_again(self, order: Order, status: int, *, days: int, event: str | None) -> None:
        state = self._state
        order.retry_on = state.today + timedelta(days=days)
        state.due[order.retry_on].append(order)
        close_order(state, order=order, status=status)
        if event is not None:
            state.emit(event, row=order, customer=order.customer)

    def _respond(self, order: Order, code: str) -> None:
        state = self._state
        placed = order.order_merchant_id if code == "000" else None
        message = _MESSAGES[code]
        payload = (
            _UNREADABLE
            if code == "unreadable"
            else f"<?xml version='1.0'?><order><code>{code}</code><errorMsg>{message}</errorMsg></order>"
        )
        state.responses.add(
            Response(
                key=state.new_id(),
                created=state.now,
                order=order,
                response_code="" if code == "unreadable" else code,
                response_message=message,
                response_order_id=placed,
                response_payload=payload if code else "",
                transaction_response={"000": "approved", "140": "declined"}.get(code),
                result=order.status,
            )
        )


def _count_shipment(state: StoreState, item: Item, subscription: Subscription) -> None:
    if subscription.free_trial is not None and subscription.free_trial.is_in_free_trial:
        subscription.free_trial.is_in_free_trial = False
        state.touch(subscription)
    if subscription.prepaid is not None:
        ship_prepaid(state, subscription=subscription, revenue=item.total_price)


def _is_due(state: StoreState, order: Order) -> bool:
    if order.key not in state.orders or not order.items:
        return False
    if order.status in RETRYING:
        return order.retry_on is not None and order.retry_on <= state.today
    return order.status in UPCOMING and order.place <= state.today


def _explain(state: StoreState, code: str) -> dict[str, str] | str:
    """Return a message with a code, or in 15 % of cases plain prose."""
    if state.rng.random() < 0.15:
        return f"Order was not accepted: {_MESSAGES[code]}"
    return {"message": _MESSAGES[code], "code": code}
