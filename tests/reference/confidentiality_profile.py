"""Write confidentiality_profile.csv: DICOM PS3.15 (2026c) table E.1-1, its attributes and the Basic Profile's action.

Run as: python confidentiality_profile.py, with `pip install dicom-anonymizer==2.1.0`, whose module generates its lists
from the standard's page. Repeating groups 50xx and 60xx stand with their first group.
"""

import csv
from importlib import import_module
from pathlib import Path

LISTS = ("D", "Z", "X", "U", "Z_D", "X_Z", "X_D", "X_Z_D", "X_Z_U_STAR")


def main() -> None:
    """See the top of the file."""
    table = import_module("dicomanonymizer.dicom_anonymization_databases.dicomfields_2026c")
    actions = {name.replace("_STAR", "*").replace("_", "/"): getattr(table, f"{name}_TAGS") for name in LISTS}
    rows = sorted((f"{tag[0]:04X}{tag[1]:04X}", action) for action, tags in actions.items() for tag in tags)
    with Path(__file__).with_suffix(".csv").open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("tag", "action"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
