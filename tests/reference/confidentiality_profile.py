"""Write confidentiality_profile.csv: DICOM PS3.15 (2026c) table E.1-1, its attributes and the Basic Profile's action.

Run as: python confidentiality_profile.py, with `pip install dicom-anonymizer==2.1.0`, whose module generates its lists
from the standard's page. Repeating groups 50xx and 60xx stand with their first group.
"""

import csv
from pathlib import Path

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table

ACTIONS = {
    "D": table.D_TAGS,
    "Z": table.Z_TAGS,
    "X": table.X_TAGS,
    "U": table.U_TAGS,
    "Z/D": table.Z_D_TAGS,
    "X/Z": table.X_Z_TAGS,
    "X/D": table.X_D_TAGS,
    "X/Z/D": table.X_Z_D_TAGS,
    "X/Z/U*": table.X_Z_U_STAR_TAGS,
}

rows = sorted((f"{tag[0]:04X}{tag[1]:04X}", action) for action, tags in ACTIONS.items() for tag in tags)
with Path(__file__).with_suffix(".csv").open("w", newline="", encoding="ascii") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("tag", "action"))
    writer.writerows(rows)
