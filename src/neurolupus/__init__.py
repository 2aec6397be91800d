"""The open workbench for neuropsychiatric lupus (NPSLE)."""

__version__ = "0.1.0"
