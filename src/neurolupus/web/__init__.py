"""Serves answers: the CDS Hooks service; requests come in, records and workflows do the work."""
