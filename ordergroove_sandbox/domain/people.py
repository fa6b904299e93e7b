"""Invented personal data: names, addresses and cards.

The values contain quotes, accents and emoji on purpose. Does not belong here: customer behaviour.
"""

from datetime import date
from random import Random
from typing import Any

_FIRST = (
    "Ada", "Apple", "Noah", "Emma", "Liam", "Olivia", "Zoë", "José", "Renée", "Søren", "Mary \"Polly\"", "D'Arcy",
    "Björn", "Łukasz", "Ngọc", "Anaïs", "Sam", "Priya", "Wei", "Fatima", "Kofi", "Hiro", "Grace", "Linus", "Sunny 🌞",
)  # fmt: skip
_LAST = (
    "Lovelace", "Cider", "O'Brien", "Núñez", "Müller", "Smith-Jones", "van der Berg", "Đặng", "Kowalski", "García",
    "Ødegaard", "Nguyễn", "Brown", "Johnson", "Patel", "Kim", "D\u2019Angelo", "Ivanova", "Ferrari", "Smith", "Lee",
    "Çelik", "Hopper", "Torvalds", "Curie, PhD",
)  # fmt: skip
_STREETS = ("Broad St", "Main St", "Elm Ave", "2nd Ave", "Peñasco Rd", "King's Hwy", "Lake Shore Dr", "Rue Royale")
_CITIES = (
    ("New York", "NY", "10004-2487"),
    ("Chicago", "IL", "60601"),
    ("San José", "CA", "95110"),
    ("Coeur d'Alene", "ID", "83814"),
    ("Austin", "TX", "78701"),
    ("Boston", "MA", "02108"),
)
_METHODS = ("credit card",) * 8 + ("paypal", "applepay", "googlepay")


def person(rng: Random, *, number: int) -> dict[str, Any]:
    """Invent names and contacts of a customer; `number` keeps the e-mail address unique."""
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return {
        "first_name": first,
        "last_name": last,
        "email": f"customer.{number}@example.com",
        "phone_number": f"+1555{rng.randrange(10**7):07d}" if rng.random() < 0.85 else None,
        "phone_type": rng.choice((0, 1, 2, 2, 2, 3)),
    }


def street(rng: Random) -> dict[str, Any]:
    """Invent the lines of an address."""
    city, state, code = rng.choice(_CITIES)
    return {
        "company_name": 'Beans & Sons, "Ltd"' if rng.random() < 0.05 else None,
        "address": f"{rng.randrange(1, 2000)} {rng.choice(_STREETS)}",
        "address2": f"Apt {rng.randrange(1, 90)}" if rng.random() < 0.3 else None,
        "city": city,
        "state_province_code": state,
        "zip_postal_code": code,
        "phone": f"555{rng.randrange(10**7):07d}" if rng.random() < 0.7 else None,
    }


def card(rng: Random, *, holder: str, today: date) -> dict[str, Any]:
    """Invent a payment method; the month of expiry has no leading zero."""
    method = rng.choice(_METHODS)
    details: dict[str, Any] = {"payment_method": method, "token_id": f"{rng.getrandbits(96):024X}"}
    if method == "paypal":
        return details | {"cc_type": None, "cc_number_ending": None, "cc_holder": None, "cc_exp_date": None}
    return details | {
        "cc_type": rng.choice((1, 1, 2, 2, 3, 4)),
        "cc_number_ending": f"{rng.randrange(10_000):04d}" if rng.random() < 0.8 else None,
        "cc_holder": holder if rng.random() < 0.8 else None,
        "cc_exp_date": f"{rng.randrange(1, 13)}/{today.year + rng.randrange(1, 6)}",
    }
