"""DICOM <-> files and records: find and judge series, convert, take identities out, speak with archives, give results back."""
