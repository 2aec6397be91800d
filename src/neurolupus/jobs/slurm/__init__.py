"""Slurm: what is asked of it, and what one of its array tasks does."""
