"""Passwords are hashed fast in every test here."""

from cheap import cheap_passwords

__all__ = ["cheap_passwords"]
