"""Clinical scores: each from its items, as a range where items are unknown, with its source."""
