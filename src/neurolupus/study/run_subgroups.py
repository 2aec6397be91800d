"""Stub."""

from neurolupus.study.run_part import Part


def subgroups_part(*a, **k):
    return Part()
