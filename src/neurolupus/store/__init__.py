"""Rows kept: patients, scans, ratings, studies, users and the trail of every change."""
