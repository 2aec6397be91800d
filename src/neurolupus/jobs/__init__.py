"""Many scans: one function over many tasks, each in its own process; resume, isolate failures."""
