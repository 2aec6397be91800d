"""The API, /api/v1: the verbs of the pages for programs; every answer that refuses is problem details in JSON."""

from fastapi import APIRouter

from neurolupus.web.api import advice, knowledge, meetings, patients, scans, studies, system

PARTS = (patients, meetings, advice, scans, studies, knowledge, system)


def routers() -> tuple[APIRouter, ...]:
    """Every route of the API."""
    return tuple(one.router for one in PARTS)
