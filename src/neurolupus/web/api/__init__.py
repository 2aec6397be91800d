"""The API, /api/v1: the verbs of the pages for programs; every answer that refuses is problem details in JSON."""

from fastapi import APIRouter

from neurolupus.web.api import advice, knowledge, meetings, patients, scans, studies, system
from neurolupus.web.api.models import PROBLEMS

PREFIX = "/api/v1"


def router() -> APIRouter:
    """Every route of the API."""
    found = APIRouter(prefix=PREFIX, responses=PROBLEMS)
    for one in (patients, meetings, advice, scans, studies, knowledge, system):
        found.include_router(one.router)
    return found
