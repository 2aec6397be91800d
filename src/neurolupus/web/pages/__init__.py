"""The pages: one file each, a router in each."""

from fastapi import APIRouter

from neurolupus.web.pages import patients, quality, scan, scan_edits, scans


def routers() -> tuple[APIRouter, ...]:
    """Every page's routes."""
    return (patients.router, quality.router, scan.router, scan_edits.router, scans.router)
