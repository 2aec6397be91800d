"""QUESTION -> STATEMENTS: plain-language look-up that quotes what the sources say and writes nothing of its own."""
