"""changes.tsv, its data dictionary, and the images of each comparison of two sessions."""

from collections.abc import Collection, Sequence
from pathlib import Path

from neurolupus.io.atomic import write_json, write_text
from neurolupus.io.dataset import derivative_name
from neurolupus.io.delimited import write_tsv
from neurolupus.io.nifti import write_volume
from neurolupus.io.transforms import points_text
from neurolupus.records.change import CHANGE_DICTIONARY, FATES, Change
from neurolupus.records.measurement import Number
from neurolupus.records.scan import ScanId

TABLE, DICTIONARY = "changes.tsv", "changes.json"
LESION_COLUMNS = ("index", "name", "fate", "gained_ml", "lost_ml", "before_ml", "after_ml", "x", "y", "z")


def change_folder(out: Path, change: Change) -> Path:
    """`OUT/sub-01/change`: what belongs to two sessions lies in neither."""
    return out / f"sub-{change.before.participant_id}" / "change"


def change_row(change: Change) -> dict[str, Number]:
    """One row of changes.tsv."""
    row: dict[str, Number] = {
        "participant_id": f"sub-{change.before.participant_id}",
        "session_before": f"ses-{change.before.session_id}",
        "session_after": f"ses-{change.after.session_id}",
    }
    return {**row, **{item.name: item.value for item in change.measurements}}


def write_change_table(out: Path, changes: Sequence[Change]) -> Path:
    """Write changes.tsv and changes.json; the table's path."""
    columns = tuple(definition.name for definition in CHANGE_DICTIONARY)
    write_json(
        out / DICTIONARY,
        {d.name: {"Description": d.description, **({"Units": d.unit} if d.unit else {})} for d in CHANGE_DICTIONARY},
    )
    write_tsv(out / TABLE, columns, [change_row(change) for change in changes])
    return out / TABLE


def write_change(out: Path, change: Change) -> tuple[Path, ...]:
    """Write the images and the lesions of one comparison; their paths.

    Both FLAIR lie on the grid half way between the sessions, on one scale; `desc-change_dseg` holds the fate of each
    changed voxel and `desc-changedlesions_dseg` its lesion's number, which the table beside it describes.
    """
    folder = change_folder(out, change)
    folder.mkdir(parents=True, exist_ok=True)
    person = ScanId(change.before.participant_id)
    way = {"from_": f"ses{change.before.session_id}", "to": f"ses{change.after.session_id}", "space": "halfway"}
    pair = f"ses{change.before.session_id}ses{change.after.session_id}"  # each pair has a grid of its own
    written: list[Path] = []

    def path(suffix: str, extension: str, desc: str) -> Path:
        written.append(folder / derivative_name(person, suffix=suffix, extension=extension, desc=desc, **way))
        return written[-1]

    about = {"Sources": [change.before.stem, change.after.stem], "SpatialReference": "half way between the two T1w"}
    for desc, image in (("before", change.flair_before), ("after", change.flair_after)):
        write_volume(path("FLAIR", ".nii.gz", desc), change.grid.with_data(image), dtype="float32")
    write_volume(path("dseg", ".nii.gz", "change"), change.grid.with_data(change.fates), dtype="uint8")
    write_json(path("dseg", ".json", "change"), {"Labels": dict(enumerate(FATES, start=1)), **about})
    write_volume(path("dseg", ".nii.gz", "changedlesions"), change.grid.with_data(change.labels), dtype="int32")
    write_tsv(path("dseg", ".tsv", "changedlesions"), LESION_COLUMNS, _lesion_rows(change))
    for session, matrix in ((change.before, change.to_before), (change.after, change.to_after)):
        name = derivative_name(
            person, suffix="xfm", extension=".txt", from_=f"halfway{pair}", to=f"ses{session.session_id}", mode="points"
        )
        write_text(folder / name, points_text(matrix))
        written.append(folder / name)
    return tuple(written)


def remove_former(out: Path, people: Collection[str], kept: Collection[Path]) -> int:
    """Remove what earlier comparisons of these people wrote beside what is kept: another order of sessions; how many.

    Only files named as `write_change` names them.
    """
    former = [
        path
        for person in people
        for path in (out / f"sub-{person}" / "change").glob(f"sub-{person}_from-*")
        if path not in kept
    ]
    for path in former:
        path.unlink()
    return len(former)


def _lesion_rows(change: Change) -> list[dict[str, Number]]:
    return [
        {
            "index": one.label,
            "name": f"{one.fate} {one.label}",
            "fate": one.fate,
            "gained_ml": one.gained_ml,
            "lost_ml": one.lost_ml,
            "before_ml": one.before_ml,
            "after_ml": one.after_ml,
            **dict(zip("xyz", one.centroid_mm, strict=True)),
        }
        for one in change.lesions
    ]
