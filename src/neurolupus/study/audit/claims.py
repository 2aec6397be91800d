"""Claims about several numbers together: each kind to the file that checks it."""

from __future__ import annotations

from collections.abc import Iterator

from neurolupus.study.audit.claims_arithmetic import check_additive, check_contrast, check_quotient, check_sum
from neurolupus.study.audit.claims_counts import check_balance, check_categories, check_shares, check_subset
from neurolupus.study.audit.claims_order import check_order
from neurolupus.study.audit.claims_pooled import check_pooled
from neurolupus.study.audit.claims_threshold import check_threshold
from neurolupus.study.audit.published import Published
from neurolupus.study.audit.results import Check
from neurolupus.study.audit.schema_claims import (
    Additive,
    Balance,
    Categories,
    Claim,
    Contrast,
    Order,
    Pooled,
    Quotient,
    Shares,
    Subset,
    Sum,
)


def check_claim(claim: Claim, published: Published) -> Iterator[Check]:
    """Everything that one claim asks."""
    match claim:
        case Sum():
            yield from check_sum(claim)
        case Additive():
            yield from check_additive(claim, published)
        case Contrast():
            yield from check_contrast(claim, published)
        case Quotient():
            yield from check_quotient(claim)
        case Pooled():
            yield from check_pooled(claim, published)
        case Shares():
            yield from check_shares(claim)
        case Subset():
            yield from check_subset(claim, published)
        case Categories():
            yield from check_categories(claim, published)
        case Balance():
            yield from check_balance(claim, published)
        case Order():
            yield from check_order(claim, published)
        case _:
            yield from check_threshold(claim, published)
