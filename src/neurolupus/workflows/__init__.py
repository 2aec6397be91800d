"""Read, compute, write: one function per user verb, no science."""
