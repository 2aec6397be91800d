"""What travels between the rooms: frozen dataclasses, checked on construction, no files."""
