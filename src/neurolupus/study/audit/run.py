"""Published numbers -> Audit: every row and claim in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator

from neurolupus.study.audit.cells import CountCell, MeanCell, QuantileCell
from neurolupus.study.audit.claims import check_claim
from neurolupus.study.audit.counts import check_counts
from neurolupus.study.audit.effects import check_effects, e_values
from neurolupus.study.audit.means import check_means
from neurolupus.study.audit.medians import check_medians
from neurolupus.study.audit.published import Published, PublishedTable
from neurolupus.study.audit.results import Audit, Check


def audit_published(published: Published) -> Audit:
    """Every printed number that others let us compute, computed again."""
    checks = tuple(_checks(published))
    ratios = tuple(one for effects in published.effects.values() for one in e_values(effects))
    paper = published.paper
    return Audit(paper.id, paper.title, paper.citation, paper.doi, checks, ratios)


def _checks(published: Published) -> Iterator[Check]:
    for table in published.tables.values():
        yield from _rows(table)
    for effects in published.effects.values():
        yield from check_effects(effects)
    for claim in published.claims.values():
        yield from check_claim(claim, published)


def _rows(table: PublishedTable) -> Iterator[Check]:
    for row in table.rows.values():
        kinds = {type(cell) for cell in row.cells if cell is not None}
        if CountCell in kinds:
            yield from check_counts(row, table)
        elif MeanCell in kinds:
            yield from check_means(row, table)
        elif QuantileCell in kinds:
            yield from check_medians(row, table)
