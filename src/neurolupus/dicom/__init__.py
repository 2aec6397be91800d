"""DICOM <-> files and records: find and choose series, take identities out, speak with archives, give results back."""
