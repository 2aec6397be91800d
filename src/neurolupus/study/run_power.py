"""Stub."""

from neurolupus.study.run_part import Part


def power_part(*a, **k):
    return Part()
