"""The pages: one file each, a router in each."""

from fastapi import APIRouter

from neurolupus.web.pages import patients, scan, scans


def routers() -> tuple[APIRouter, ...]:
    """Every page's routes."""
    return (patients.router, scan.router, scans.router)
