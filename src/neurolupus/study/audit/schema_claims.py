"""Claims: what a paper's numbers must satisfy together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Sum:
    """`type: sum` Parts, or a total and what was taken off it.

    Attributes
    ----------
    parts : list of numbers, or mapping of name to number
    start : number
        Where the parts are subtracted: `start` - parts = `total`.
    total : number
    """

    TYPE: ClassVar[str] = "sum"

    total: str
    parts: dict[str, str]
    start: str = ""
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Additive:
    """`type: additive` One row is the sum of others: total brain = white + grey matter.

    Attributes
    ----------
    of : name or list of names of tables or effects
        In each of which it must hold: for estimates, and for the means of every arm.
    total : name of a row
    parts : list of names of rows
    """

    TYPE: ClassVar[str] = "additive"

    of: tuple[str, ...]
    total: str
    parts: tuple[str, ...]
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Pooled:
    """`type: pooled` An arm is made of others: its counts, means and SDs follow from theirs.

    Attributes
    ----------
    whole : table.arm
    parts : list of table.arm
    rows : list of names
        All that the tables have in common when left out.
    """

    TYPE: ClassVar[str] = "pooled"

    whole: str
    parts: tuple[str, ...]
    rows: tuple[str, ...] = ()
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Subset:
    """`type: subset` The patients of one table are among those of another, arm by arm (matched among all).

    Attributes
    ----------
    part, whole : names of tables
        With the same arms in the same order.
    """

    TYPE: ClassVar[str] = "subset"

    part: str
    whole: str
    rows: tuple[str, ...] = ()
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Threshold:
    """`type: threshold` The share above a value against the quartiles of the same quantity.

    Attributes
    ----------
    table : name
    quartiles, share : names of rows
    above : number
        The share counts values greater than this.
    """

    TYPE: ClassVar[str] = "threshold"

    table: str
    quartiles: str
    share: str
    above: float
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Shares:
    """`type: shares` Percentages of one number of persons.

    Attributes
    ----------
    of : number
    values : mapping of name to cell
        `82 (42.2%)`, `27.3%`, or `22/24 (91.7%)` with a denominator of its own.
    or_of : number
        Another denominator that may be meant (injections instead of patients).
    exclusive : true or false
        Nobody is in two of them: two equal percentages are pointed out, and they must not exceed the whole.
    sums : mapping of name to list of names
        Categories that are sums of others: `fewer than three: [one, two]`.
    """

    TYPE: ClassVar[str] = "shares"

    values: dict[str, str]
    of: int | None = None
    or_of: int | None = None
    exclusive: bool = False
    sums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Categories:
    """`type: categories` Rows that exclude one another and together hold everybody.

    Attributes
    ----------
    table : name
    rows : list of names
    p : p-value
        Of one test over all of them, where the paper gives it.
    """

    TYPE: ClassVar[str] = "categories"

    table: str
    rows: tuple[str, ...]
    p: str = ""
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Balance:
    """`type: balance` |SMD| is below a limit in some rows; the other rows above it are told.

    Attributes
    ----------
    table : name
        With two arms.
    rows : list of names
    below : number
    """

    TYPE: ClassVar[str] = "balance"

    table: str
    rows: tuple[str, ...]
    below: float = 0.1
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Contrast:
    """`type: contrast` One effect is the difference of two others (on the log scale for ratios).

    Attributes
    ----------
    of, first, minus : names of effects
        `of` = `first` - `minus`, row by row.
    models : one or separate
        In `one` model it must hold; in `separate` ones it need not.
    """

    TYPE: ClassVar[str] = "contrast"

    of: str
    first: str
    minus: str
    models: Literal["one", "separate"] = "one"
    rows: tuple[str, ...] = ()
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Quotient:
    """`type: quotient` A total shared out: what remains of it per head must lie within limits.

    Attributes
    ----------
    total : number
        Injections, person-years.
    known : mapping of number each to persons
        Whose share is known: `{1: 29, 2: 53, 3: 82}`.
    persons : number
        Who share the rest.
    between : two numbers
        Within which the rest per head must lie.
    """

    TYPE: ClassVar[str] = "quotient"

    total: float
    persons: int
    between: tuple[float, float]
    known: dict[int, int] = field(default_factory=dict)
    note: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """`type: order` The text says which arm has more.

    Attributes
    ----------
    table : name
    row : name
    higher, lower : names of arms
    """

    TYPE: ClassVar[str] = "order"

    table: str
    row: str
    higher: str
    lower: str
    note: str = ""
    name: str = ""
    line: int = 0


Claim = Sum | Additive | Pooled | Subset | Threshold | Shares | Categories | Balance | Contrast | Quotient | Order
CLAIM_TYPES: dict[str, Any] = {
    kind.TYPE: kind
    for kind in (Sum, Additive, Pooled, Subset, Threshold, Shares, Categories, Balance, Contrast, Quotient, Order)
}
