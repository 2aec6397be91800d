"""Identities: the key that links labels to patients, and files without what tells who somebody is."""
