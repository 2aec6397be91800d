"""The pages: one file each, a router in each."""

from fastapi import APIRouter

from neurolupus.web.pages import consensus, imports, patient, patients, record


def routers() -> tuple[APIRouter, ...]:
    """Every page's routes."""
    return (patients.router, imports.router, record.router, consensus.router, patient.router)
