"""The pages: one file each, a router in each."""

from fastapi import APIRouter

from neurolupus.web.pages import (
    account,
    consensus,
    erasure,
    imports,
    knowledge,
    organisation,
    patient,
    patients,
    quality,
    record,
    runs,
    scan,
    scan_edits,
    scans,
    second_factor,
    settings,
    sign_in,
    studies,
    study,
    study_sources,
    trail,
    users,
    visits,
)

PAGES = (
    patients, imports, record, consensus, erasure, patient, visits,
    quality, scan, scan_edits, scans, runs,
    studies, study, study_sources, knowledge,
    sign_in, organisation, account, second_factor, users, trail, settings,
)  # fmt: skip


def routers() -> tuple[APIRouter, ...]:
    """Every page's routes; of two that match, the first answers."""
    return tuple(one.router for one in PAGES)
