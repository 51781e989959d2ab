"""Draw the raw tables as numpy columns: what the source systems hand over, mistakes included.

Every function takes the one random generator, so the order of calls is part of what the seed decides.
Times are datetime64[us], money is whole cents, a missing id is 0 and a missing time is NaT.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from company import vocabulary as words

Array = NDArray[Any]
Columns = dict[str, Array]

FIRST_DAY = np.datetime64("2023-01-01", "D")
LAST_DAY = np.datetime64("2026-10-31", "D")
DAYS = int((LAST_DAY - FIRST_DAY).astype(int)) + 1
END = np.datetime64("2026-10-31T23:59:59", "us")
NEVER = np.datetime64("NaT", "us")
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Scale:
    """How many rows of each kind; `share` 1.0 is the demo's size, tests use less."""

    share: float = 1.0

    def rows(self, full: int) -> int:
        """`full` rows at share 1.0, never fewer than 40."""
        return max(40, round(full * self.share))


def draw_all(seed: int, scale: Scale) -> dict[str, Columns]:
    """Every raw table by name; the same seed and scale give the same arrays."""
    rng = np.random.default_rng(seed)
    customers = draw_customers(rng, scale.rows(12_000))
    products = draw_products(rng)
    orders = draw_orders(rng, scale.rows(42_000), customers)
    items = draw_items(rng, orders, products)
    refunds = settle_orders(rng, orders, items)
    return {
        "shop_customers": customers,
        "crm_customer_changes": draw_customer_changes(rng, customers),
        "pos_stores": draw_stores(),
        "shop_products": products,
        "shop_orders": {k: v for k, v in orders.items() if not k.startswith("_")},
        "shop_order_items": items,
        "pay_payments": draw_payments(rng, orders),
        "pay_refunds": refunds,
        "club_memberships": draw_memberships(rng, scale.rows(3_400), customers),
        "web_sessions": draw_sessions(rng, scale.rows(90_000), customers),
        "support_tickets": draw_tickets(rng, scale.rows(6_000), customers),
    }


def draw_customers(rng: Generator, n: int) -> Columns:
    """Sign-ups in time order, with test accounts (some not flagged) and soft-deleted rows."""
    day = np.sort(_growing_days(rng, n))
    first = _pick(rng, words.FIRST_NAMES, n)
    last = _pick(rng, words.LAST_NAMES, n)
    place = rng.choice(len(words.CITIES), n, p=_falling(len(words.CITIES), 0.35))
    test = rng.random(n) < 0.015
    number = np.arange(10_001, 10_001 + n)
    signed_up = _at(day, _after_midnight(day, rng.integers(0, 86_400, n)))
    deleted = np.where(rng.random(n) < 0.02, signed_up + rng.integers(20, 500, n) * DAY_US, NEVER)
    email = [
        f"qa+{i}@test.fernhill.example" if t else f"{given}.{family}.{i}@mail.example".lower()
        for given, family, i, t in zip(first, last, number, test, strict=True)
    ]
    return {
        "customer_id": number,
        "email": np.array(email, dtype=object),
        "first_name": first,
        "last_name": last,
        "city": _take(words.CITIES, place, 0),
        "state": _take(words.CITIES, place, 1),
        "acquisition_channel": _pick(rng, words.ACQUISITION_CHANNELS, n, _falling(6, 0.4)),
        "signed_up_at": signed_up,
        "segment": np.where(day < 547, _pick(rng, ("A", "B", "C"), n), None),
        "marketing_opt_in": rng.random(n) < 0.61,
        # The flag arrived late, so a third of the test accounts are known by their address only.
        "is_test": test & (rng.random(n) < 0.66),
        "deleted_at": np.where(deleted > END, NEVER, deleted),
    }


def draw_customer_changes(rng: Generator, customers: Columns) -> Columns:
    """One row when a customer joins, one more for each change of tier or state."""
    n = len(customers["customer_id"])
    rows = [(np.arange(n), np.zeros(n, dtype=int), customers["state"], customers["signed_up_at"])]
    tier = np.zeros(n, dtype=int)
    state = customers["state"].copy()
    at = customers["signed_up_at"].copy()
    for share, climbs in ((0.30, True), (0.06, False), (0.10, True)):
        at = at + rng.integers(30, 420, n) * DAY_US
        who = np.flatnonzero((rng.random(n) < share) & (at <= END))
        if climbs:
            tier[who] = np.minimum(tier[who] + 1, 2)
        else:
            state[who] = _take(words.CITIES, rng.integers(0, len(words.CITIES), len(who)), 1)
        rows.append((who, tier[who].copy(), state[who].copy(), at[who]))
    who, tiers, states, times = (np.concatenate([r[i] for r in rows]) for i in range(4))
    order = np.lexsort((who, times))
    return {
        "change_id": np.arange(1, len(who) + 1),
        "customer_id": customers["customer_id"][who[order]],
        "tier": np.array(words.TIERS, dtype=object)[tiers[order]],
        "state": states[order],
        "changed_at": times[order],
    }


def draw_stores() -> Columns:
    """The shops, from the fixed list."""
    place = {city: (state, region) for city, state, region in words.CITIES}
    fields = list(zip(*words.STORES, strict=True))
    return {
        "store_id": np.arange(1, len(words.STORES) + 1),
        "store_name": np.array(fields[0], dtype=object),
        "city": np.array(fields[1], dtype=object),
        "state": np.array([place[c][0] for c in fields[1]], dtype=object),
        "region": np.array([place[c][1] for c in fields[1]], dtype=object),
        "time_zone": np.array(fields[2], dtype=object),
        "opened_on": np.array(fields[3], dtype="datetime64[us]"),
        "closed_on": np.array([c or "NaT" for c in fields[4]], dtype="datetime64[us]"),
        "square_feet": np.array(fields[5]),
    }


def draw_products(rng: Generator) -> Columns:
    """About two hundred goods; some launched late, some discontinued, a few soft-deleted."""
    goods = [
        (f"{line} {kind}", category, low, high)
        for category, (kinds, low, high) in words.CATEGORIES.items()
        for kind in kinds
        for line in rng.permutation(words.LINES)[: int(rng.integers(5, 8))]
    ]
    n = len(goods)
    price = np.array([rng.uniform(low, high) for _, _, low, high in goods]).astype(int) * 100 - 5
    late = np.where(rng.random(n) < 0.25, rng.integers(0, DAYS - 60, n), -900)
    launched = _at(late, np.zeros(n, dtype=int))
    gone = np.where(rng.random(n) < 0.1, launched + rng.integers(1000, 1700, n) * DAY_US, NEVER)
    return {
        "product_id": np.arange(501, 501 + n),
        "sku": np.array([f"{g[1][:2].upper()}-{501 + i}" for i, g in enumerate(goods)], dtype=object),
        "product_name": np.array([g[0] for g in goods], dtype=object),
        "category": np.array([g[1] for g in goods], dtype=object),
        "brand": _pick(rng, words.BRANDS, n, _falling(6, 0.5)),
        "list_price_cents": price,
        "unit_cost_cents": (price * rng.uniform(0.42, 0.63, n)).astype(int),
        "launched_on": launched,
        "discontinued_on": np.where(gone > END, NEVER, gone),
        "deleted_at": np.where(rng.random(n) < 0.02, END - 90 * DAY_US, NEVER),
    }


def draw_orders(rng: Generator, n: int, customers: Columns) -> Columns:
    """Order headers in time order; amounts and final status are set by `settle_orders`.

    `placed_at` is UTC for web and app, and the store's own wall clock for the tills.
    """
    day = np.sort(_growing_days(rng, n, season=True))
    day[0] = 0
    known = np.searchsorted(customers["signed_up_at"], _at(day, np.zeros(n, dtype=int)))
    who = np.minimum((np.maximum(known, 1) * rng.random(n)).astype(int), len(customers["customer_id"]) - 1)
    # Half of the orders go to every fifth customer: a few regulars, many who come once.
    who = np.where(rng.random(n) < 0.5, who - who % 5, who)
    store = rng.choice(np.arange(1, 13), n, p=_falling(12, 0.12))
    shops = draw_stores()
    today = _at(day, np.zeros(n, dtype=int))
    closed = shops["closed_on"][store - 1]
    is_open = (shops["opened_on"][store - 1] <= today) & (np.isnat(closed) | (closed > today))
    channel = rng.choice(3, n, p=(0.46, 0.18, 0.36))
    channel = np.where((channel == 2) & ~is_open, 0, channel)
    in_store = channel == 2
    second = np.where(in_store, rng.integers(9 * 3600, 20 * 3600, n), rng.integers(0, 86_400, n))
    return {
        "order_id": np.arange(100_001, 100_001 + n),
        "customer_id": customers["customer_id"][who],
        "channel": np.array(("web", "app", "store"), dtype=object)[channel],
        "store_id": np.where(in_store, store, 0),
        "placed_at": _at(day, np.where(in_store, second, _after_midnight(day, second))),
        "_day": day,
    }


def draw_items(rng: Generator, orders: Columns, products: Columns) -> Columns:
    """One to six lines an order, priced at the list price of that year."""
    n = len(orders["order_id"])
    lines = np.minimum(1 + rng.poisson(1.2, n), 6)
    of = np.repeat(np.arange(n), lines)
    weight = rng.pareto(2.0, len(products["product_id"])) + 0.3
    weight[~np.isnat(products["deleted_at"])] = 0.0
    product = rng.choice(len(weight), len(of), p=weight / weight.sum())
    early = products["launched_on"][product] > orders["placed_at"][of]
    always = np.flatnonzero((products["launched_on"] < orders["placed_at"].min()) & (weight > 0))
    product = np.where(early, always[product % len(always)], product)
    year = orders["placed_at"][of].astype("datetime64[Y]").astype(int) - 53
    factor = np.array((92, 96, 100, 103))[year]
    return {
        "order_item_id": np.arange(1, len(of) + 1),
        "order_id": orders["order_id"][of],
        "product_id": products["product_id"][product],
        "quantity": rng.choice((1, 2, 3), len(of), p=(0.8, 0.15, 0.05)),
        "unit_price_cents": products["list_price_cents"][product] * factor // 100,
    }


def settle_orders(rng: Generator, orders: Columns, items: Columns) -> Columns:
    """Add amounts, status and soft deletes to `orders`, and return the refunds."""
    n = len(orders["order_id"])
    line = items["quantity"] * items["unit_price_cents"]
    gross = np.bincount(items["order_id"] - orders["order_id"][0], weights=line, minlength=n).astype(int)
    promo = np.where(rng.random(n) < 0.12, rng.integers(0, 4, n), -1)
    discount = np.where(promo >= 0, gross * np.array(words.PROMO_PERCENT)[promo] // 100, 0)
    shipping = np.where((orders["store_id"] == 0) & (gross < 7_500), 695, 0)
    tax = (gross - discount) * 62 // 1000
    cancelled = rng.random(n) < 0.04
    refunds = _draw_refunds(rng, orders, gross - discount, cancelled)
    whole = np.isin(orders["order_id"], refunds["order_id"][refunds["_whole"]])
    fresh = (orders["_day"] > DAYS - 5) & (rng.random(n) < 0.6)
    status = np.select([cancelled, whole, fresh], ["cancelled", "returned", "processing"], "completed")
    doubled = rng.random(n) < 0.008
    orders |= {
        "status": status.astype(object),
        "promo_code": np.where(promo >= 0, np.array(words.PROMO_CODES, dtype=object)[promo], None),
        "discount_cents": discount,
        "shipping_cents": shipping,
        "tax_cents": tax,
        "deleted_at": np.where(doubled, orders["placed_at"] + 3_600_000_000, NEVER),
        "_total": gross - discount + shipping + tax,
    }
    return {k: v for k, v in refunds.items() if k != "_whole"}


def _draw_refunds(rng: Generator, orders: Columns, paid: Array, cancelled: Array) -> Columns:
    kind = np.where(cancelled, 0, rng.choice(3, len(paid), p=(0.925, 0.04, 0.035)))
    at = orders["placed_at"] + rng.integers(2, 40, len(paid)) * DAY_US
    who = np.flatnonzero((kind > 0) & (at <= END))
    whole = kind[who] == 1
    part = (paid[who] * rng.uniform(0.15, 0.7, len(who))).astype(int)
    return {
        "refund_id": np.arange(1, len(who) + 1),
        "order_id": orders["order_id"][who],
        "amount_cents": np.where(whole, paid[who], part),
        "reason": _pick(rng, words.REFUND_REASONS, len(who), _falling(5, 0.3)),
        "refunded_at": at[who],
        "_whole": whole,
    }


def draw_payments(rng: Generator, orders: Columns) -> Columns:
    """One payment for most orders, two for some (gift card and card), failed tries beside them."""
    n = len(orders["order_id"])
    total, cancelled = orders["_total"], orders["status"] == "cancelled"
    method = rng.choice(4, n, p=(0.68, 0.19, 0.05, 0.08))
    method = np.where((method == 3) & (orders["store_id"] == 0), 0, method)
    split = (rng.random(n) < 0.07) & (total > 4_000)
    gift = np.where(split, np.minimum(total // 3, 5_000), 0)
    failed = np.flatnonzero(rng.random(n) < 0.03)
    of = np.concatenate([np.arange(n), np.flatnonzero(split), failed])
    state = np.where(cancelled, "voided", "succeeded")
    status = np.concatenate([state, state[split], np.full(len(failed), "failed")])
    how = np.concatenate([method, np.full(int(split.sum()), 2), method[failed]])
    cents = np.concatenate([total - gift, gift[split], total[failed]])
    order = np.argsort(of, kind="stable")
    return {
        "payment_id": np.arange(1, len(of) + 1),
        "order_id": orders["order_id"][of[order]],
        "method": np.array(words.PAYMENT_METHODS, dtype=object)[how[order]],
        "amount_cents": cents[order],
        "status": status[order].astype(object),
        "created_at": orders["placed_at"][of[order]] + 90_000_000,
    }


def draw_memberships(rng: Generator, n: int, customers: Columns) -> Columns:
    """Trail Club memberships; a customer may leave and join again."""
    who = np.sort(rng.integers(0, len(customers["customer_id"]), n))
    start = customers["signed_up_at"][who] + rng.integers(0, 200, n) * DAY_US
    start = np.where(start > END, customers["signed_up_at"][who], start).astype("datetime64[D]")
    stop = start + rng.integers(20, 900, n)
    left = (rng.random(n) < 0.45) & (stop <= LAST_DAY)
    annual = rng.random(n) < 0.4
    return {
        "membership_id": np.arange(1, n + 1),
        "customer_id": customers["customer_id"][who],
        "plan": np.where(annual, "annual", "monthly").astype(object),
        "price_cents": np.where(annual, 7_900, 799),
        "started_on": start.astype("datetime64[us]"),
        "cancelled_on": np.where(left, stop, np.datetime64("NaT")).astype("datetime64[us]"),
        "is_trial": rng.random(n) < 0.1,
    }


def draw_sessions(rng: Generator, n: int, customers: Columns) -> Columns:
    """Visits to the web shop: most logged out, some by robots."""
    day = np.sort(_growing_days(rng, n, season=True))
    started = _at(day, rng.integers(0, 86_400, n))
    known = np.maximum(np.searchsorted(customers["signed_up_at"], started), 1)
    who = (known * rng.random(n)).astype(int)
    bot = rng.random(n) < 0.03
    logged_in = (rng.random(n) < 0.38) & ~bot
    anonymous = 500_000 + (rng.random(n) * n * 0.7).astype(int)
    return {
        "session_id": np.arange(1, n + 1),
        "visitor_id": np.where(logged_in, customers["customer_id"][who], anonymous),
        "customer_id": np.where(logged_in, customers["customer_id"][who], 0),
        "started_at": started,
        "device": _pick(rng, words.DEVICES, n, (0.58, 0.36, 0.06)),
        "traffic_source": _pick(rng, words.TRAFFIC_SOURCES, n, _falling(5, 0.3)),
        "page_views": np.where(bot, 60, 1) + rng.poisson(4.5, n),
        "is_bot": bot,
    }


def draw_tickets(rng: Generator, n: int, customers: Columns) -> Columns:
    """Support requests; the newest are still open, and few people leave a score."""
    who = np.sort(rng.integers(0, len(customers["customer_id"]), n))
    opened = customers["signed_up_at"][who] + (rng.random(n) * 700 * DAY_US).astype(int)
    opened = np.where(opened > END, customers["signed_up_at"][who], opened)
    order = np.argsort(opened, kind="stable")
    closed = opened + (rng.gamma(1.6, 14, n) * 3_600_000_000).astype(int)
    is_open = (closed > END) | (rng.random(n) < 0.01)
    score = np.where(is_open | (rng.random(n) < 0.6), 0, rng.choice(5, n, p=(0.07, 0.08, 0.15, 0.3, 0.4)) + 1)
    return {
        "ticket_id": np.arange(1, n + 1),
        "customer_id": customers["customer_id"][who][order],
        "topic": _pick(rng, words.TICKET_TOPICS, n, _falling(6, 0.25)),
        "channel": _pick(rng, words.TICKET_CHANNELS, n, (0.5, 0.35, 0.15)),
        "opened_at": opened[order],
        "closed_at": np.where(is_open, NEVER, closed)[order],
        "satisfaction_score": score[order],
    }


def _growing_days(rng: Generator, n: int, *, season: bool = False) -> Array:
    """`n` day numbers: more each year and, with `season`, more in winter and on Saturdays."""
    day = np.arange(DAYS)
    weight = 1.0 + 0.9 * day / DAYS
    if season:
        month = (FIRST_DAY + day).astype("datetime64[M]").astype(int) % 12
        weight *= np.array((0.8, 0.75, 0.9, 1.0, 1.15, 1.2, 1.15, 1.05, 0.9, 0.9, 1.25, 1.6))[month]
        weight *= np.where((day + 6) % 7 >= 5, 1.25, 0.9)
    return rng.choice(DAYS, n, p=weight / weight.sum())


def _after_midnight(day: Array, second: Array) -> Array:
    """Keep the first day's UTC times from falling into the year before at head office, seven hours behind."""
    return np.where(day == 0, np.maximum(second, 8 * 3600), second)


def _at(day: Array, second: Array) -> Array:
    """The instant `second` seconds into day number `day`."""
    return FIRST_DAY.astype("datetime64[us]") + day * DAY_US + second * 1_000_000


def _falling(n: int, step: float) -> Array:
    """`n` probabilities, each smaller than the one before by about `step`."""
    weight = 1.0 / (1.0 + step * np.arange(n))
    return weight / weight.sum()


def _pick(rng: Generator, values: Any, n: int, p: Any = None) -> Array:
    """`n` of `values`, as Python strings."""
    return np.array(values, dtype=object)[rng.choice(len(values), n, p=p)]


def _take(table: Any, rows: Array, field: int) -> Array:
    """One field of each chosen row of a table of tuples."""
    return np.array([row[field] for row in table], dtype=object)[rows]
