"""Files to records and back: the only code that opens the user's files."""
