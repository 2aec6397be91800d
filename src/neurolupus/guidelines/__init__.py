"""PATIENT -> ADVICE: what the sources support for one patient, what waits for which fact, and why."""
