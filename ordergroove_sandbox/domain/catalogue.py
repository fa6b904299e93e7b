"""Products and settings of the merchant at the start of the simulation.

Belongs here: products, groups, offers, cancel reasons, resources, and the frequencies and reasons that customers choose
from. Does not belong here: customer behaviour (`behaviour`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from .intervals import DAYS, MONTHS, WEEKS, YEARS
from .records import Product, Reference, Resource

# key, name, price in cents, popularity, mean stay in days
_AUTOSHIP = (
    ("48398751432995", "Medium Roast Coffee Bag", 1600, 10.0, 520),
    ("48398751465763", "Dark Roast Coffee Bag", 1650, 8.0, 480),
    ("48398751498531", "Décaféiné, légèrement torréfié", 1725, 4.0, 300),
    ("48398751531299", 'The "House" Blend, 2 lb', 2899, 6.0, 430),
    ("62900-W01", "Espresso Beans 1 kg", 3450, 5.0, 610),
    ("78530-X05", "Cold Brew Concentrate", 1299, 3.5, 190),
    ("9537_12118", "Paper Filters No. 4", 499, 5.0, 380),
    ("9537_12119", "Oat Milk 6 x 1 l ½ fat", 1475, 4.5, 260),
    ("0070067689", "Dog Food, Lamb & Rice 15 kg", 6499, 3.0, 700),
    ("0070067690", "Cat Litter 10 kg", 1899, 2.5, 560),
    ("0070067691", "Vitamin D3 drops", 2195, 4.0, 240),
    ("0070067698", "Matcha ☕ Ceremonial", 3995, 2.0, 150),
)
_RETIRING = ("0070000693", "Holiday Roast (limited)", 1850, 1.5, 210)
_BUNDLE = ("48398725906723", "Breakfast Bundle", 3999, 2.0, 330)
_DIGITAL = ("48398725939491", "Coffee School, all courses", 1200, 1.2, 280)
_ONE_TIME = (
    ("77001", "Ceramic Mug", 1499),
    ("77002", "Hand Grinder", 5999),
    ("77003", "Tasting Box", 999),
)
_PREPAID_ELIGIBLE = ("62900-W01", "0070067691", "0070067698")
_DISCONTINUED = (("11001", "Travel Press (old)", 2499), ("11002", "Winter Blend 2019", 1550))
_GROUPS = (
    ("subscription", "eligibility"),
    ("prepaid", "eligibility"),
    ("summer_sale", "incentive"),
    ("roasts", "sku_swap"),
)
PREPAID = _GROUPS[1]
_OFFERS = (
    ("Standard 10", 10, "available"),
    ("Loyal 15", 15, "available"),
    ("Welcome 5", 5, "available"),
    ("Spring 2019", 20, "archived"),
)

CANCEL_REASONS = (
    (1, "Other", 9),
    (2, "Overstocked", 24),
    (3, "Product not in use", 9),
    (8, "This product is too expensive", 20),
    (9, "Disengaged", 4),
    (15, "Tried and don't like product", 10),
    (22, "Switch to another product", 8),
    (31, "Trouble managing online", 3),
    (70, "No longer use this product", 9),
    (114, "Cancelled without exit survey response", 4),
)
"""Code, text, relative frequency."""

FREQUENCIES = (
    (1, MONTHS, 40),
    (4, WEEKS, 10),
    (2, WEEKS, 9),
    (6, WEEKS, 7),
    (2, MONTHS, 16),
    (3, MONTHS, 7),
    (30, DAYS, 5),
    (45, DAYS, 4),
    (6, MONTHS, 1.5),
    (1, YEARS, 0.5),
)
"""Every, every_period, relative frequency."""


@dataclass
class Catalogue:
    """The merchant's settings, as rows that are not yet in their tables."""

    products: list[Product] = field(default_factory=list)
    groups: list[Reference] = field(default_factory=list)
    offer_profiles: list[Reference] = field(default_factory=list)
    cancel_reasons: list[Reference] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    discounts: dict[str, int] = field(default_factory=dict)
    relationships: tuple[tuple[str, str, str], ...] = (
        ("swap_on_purchase", _RETIRING[0], _AUTOSHIP[0][0]),
        ("swap_on_purchase", _AUTOSHIP[4][0], _AUTOSHIP[5][0]),
        ("upgrade", _AUTOSHIP[0][0], _AUTOSHIP[3][0]),
    )
    """Type, from, to."""
    retiring: tuple[str, str] = (_RETIRING[0], _AUTOSHIP[0][0])
    """The product that is discontinued during the simulation, and its replacement for subscribers."""


def build_catalogue(rng: Random, *, start: datetime) -> Catalogue:
    """Build the settings of a store that sells subscriptions from `start` on; the rows are older than that."""
    catalogue = Catalogue()
    opened = start - timedelta(days=400)

    def moment() -> datetime:
        nonlocal opened
        opened += timedelta(seconds=rng.randrange(600, 200_000))
        return opened

    def public_id() -> str:
        return f"{rng.getrandbits(128):032x}"

    for name, kind in _GROUPS:
        group = Reference(key=f"{kind}/{name}", created=moment(), body={"name": name, "group_type": kind})
        catalogue.groups.append(group)
    for code, _text, _weight in CANCEL_REASONS:
        reason = Reference(key=str(code), created=moment(), body={"cancel_reason": code, "application": "msi"})
        catalogue.cancel_reasons.append(reason)
    for name, percent, status in _OFFERS:
        profile = _offer_profile(
            catalogue, name=name, percent=percent, status=status, created=moment(), new_id=public_id
        )
        catalogue.offer_profiles.append(profile)
    for name, external_id in (("Coffee School", "123456"), ("Tasting Notes", "123457")):
        created = moment()
        catalogue.resources.append(
            Resource(key=public_id(), created=created, last_updated=created, name=name,
                     external_resource_id=external_id)
        )  # fmt: skip

    def sell(key: str, name: str, price: int) -> Product:
        created = moment()
        product = Product(key=key, created=created, last_update=created, name=name, price=price, groups=[])
        catalogue.products.append(product)
        return product

    for key, name, price, popularity, stay in (*_AUTOSHIP, _RETIRING, _BUNDLE, _DIGITAL):
        product = sell(key, name, price)
        product.groups.append(_GROUPS[0])
        product.popularity, product.staying_days = popularity, float(stay)
        if "Roast" in name:
            product.groups.append(_GROUPS[3])
        if key in _PREPAID_ELIGIBLE:
            product.groups.append(PREPAID)
        if key == _BUNDLE[0]:
            product.product_type, product.components = "static price bundle", (_AUTOSHIP[0][0], _AUTOSHIP[7][0])
        if key == _DIGITAL[0]:
            product.resource, product.autoship_by_default, product.trial_days = catalogue.resources[0], True, 15
    for one_time in _ONE_TIME:
        sell(*one_time).autoship_enabled = False
    for discontinued in _DISCONTINUED:
        product = sell(*discontinued)
        product.groups.append(_GROUPS[0])
        product.discontinued, product.live = True, False
    return catalogue


def _offer_profile(
    catalogue: Catalogue, *, name: str, percent: int, status: str, created: datetime, new_id: Callable[[], str]
) -> Reference:
    offer, coupon_id = new_id(), new_id()
    catalogue.discounts[offer] = percent
    coupon = {
        "public_id": coupon_id,
        "name": f"{name} Incentives",
        "code": name.lower().replace(" ", "_"),
        "discounts": [
            {
                "public_id": new_id(),
                "name": f"{percent}% off",
                "object": 1,
                "field": 1,
                "type": "Discount Percent",
                "value": str(percent),
                "threshold_field": None,
                "threshold_value": None,
            }
        ],
    }
    body = {
        "public_id": new_id(),
        "name": name,
        "weight": 100,
        "live": status == "available",
        "status": status,
        "offers": [offer],
        "recurring_coupon": coupon,
        "initial_coupon": coupon,
    }
    flex = {
        "public_id": new_id(),
        "name": f"Flex {name}",
        "discount_type": "Discount Percent",
        "value": f"{percent}.00",
    }
    hidden = {"standard_flex_incentives": [flex] if percent > 10 else []}
    return Reference(key=str(body["public_id"]), created=created, body=body, hidden=hidden)
