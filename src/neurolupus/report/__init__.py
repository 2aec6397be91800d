"""Answers to documents: self-contained HTML pages with the pictures to trust a number by."""
