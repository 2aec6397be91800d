"""Stub."""

from neurolupus.study.run_part import Part


def follow_up_part(*a, **k):
    return Part()
