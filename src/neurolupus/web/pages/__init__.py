"""The pages: one file each, a router in each."""

from fastapi import APIRouter

from neurolupus.web.pages import account, organisation, patients, settings, sign_in, trail, users


def routers() -> tuple[APIRouter, ...]:
    """Every page's routes."""
    return (
        patients.router,
        sign_in.router,
        organisation.router,
        account.router,
        users.router,
        trail.router,
        settings.router,
    )
