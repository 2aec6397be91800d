"""The pages: one file each, a router in each."""

from fastapi import APIRouter

from neurolupus.web.pages import knowledge, patients, studies, study


def routers() -> tuple[APIRouter, ...]:
    """Every page's routes."""
    return (patients.router, studies.router, study.router, knowledge.router)
