"""What the clinic's pages and commands do with the store: read, compute, write."""
