"""Scan to measurements: arrays in, arrays or numbers out."""
