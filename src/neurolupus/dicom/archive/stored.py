"""What an archive says of files that were sent to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurolupus.errors import PacsError

REASONS = {  # PS3.18 table 10.5.3-1 and PS3.4 table B.2-1
    0x0110: "it failed while processing",
    0x0117: "the UID is not valid",
    0x0122: "it takes no files of this kind",
    0x0124: "it is not allowed",
    0xA700: "it is out of room",
    0xA900: "the file does not fit its kind",
    0xC000: "it cannot understand the file",
    0xC122: "it takes no files of this kind",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """UIDs of the files kept, and path and reason of those refused."""

    kept: tuple[str, ...] = ()
    refused: tuple[tuple[Path, str], ...] = ()
    remarks: tuple[str, ...] = ()

    def and_(self, more: "Stored") -> "Stored":
        """Both together."""
        return Stored(self.kept + more.kept, self.refused + more.refused, self.remarks + more.remarks)

    def summary(self) -> dict[str, object]:
        """As data."""
        refused = [{"file": str(path), "reason": reason} for path, reason in self.refused]
        return {"stored": list(self.kept), "refused": refused, "remarks": list(self.remarks)}


def reason_of(code: int) -> str:
    """Why a file was refused, in words with the code."""
    words = (
        REASONS.get(code)
        or REASONS.get(code & 0xFF00)
        or ("it cannot understand the file" if code >> 12 == 0xC else "")
    )
    return f"{words} (0x{code:04X})" if words else f"0x{code:04X}"


def sop_uid_of(path: Path) -> tuple[str, str, str]:
    """SOP instance, SOP class and transfer syntax of a file.

    Raises
    ------
    PacsError
        It is no DICOM file.
    """
    from pydicom import dcmread

    try:
        read = dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID", "SOPClassUID"])
        uids = str(read.SOPInstanceUID), str(read.SOPClassUID), str(read.file_meta.TransferSyntaxUID)
    except FileNotFoundError:
        raise
    except Exception as error:  # pydicom's errors have no common root
        raise PacsError(f"{path} is no DICOM file that can be stored ({type(error).__name__}).") from None
    return uids


def read_stow_answer(answer: Any, files: Sequence[Path]) -> Stored:
    """Kept and refused files of one request; a file that the answer does not name counts as refused."""
    paths = {sop_uid_of(path)[0]: path for path in files}
    told = answer[0] if isinstance(answer, list) and answer else answer if isinstance(answer, dict) else {}
    kept = [uid for uid in (_uid(one) for one in _items(told, "00081199")) if uid in paths]
    why = {_uid(one): _code(one) for one in _items(told, "00081198")}
    refused = []
    for uid, path in paths.items():
        if uid not in kept:
            code = why.get(uid)
            refused.append((path, "the archive's answer does not name it" if code is None else reason_of(code)))
    return Stored(tuple(kept), tuple(refused))


def _items(told: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    values = told.get(tag, {}).get("Value", [])
    return [one for one in values if isinstance(one, dict)]


def _uid(item: dict[str, Any]) -> str:
    return str(next(iter(item.get("00081155", {}).get("Value", [""]))))


def _code(item: dict[str, Any]) -> int:
    value = next(iter(item.get("00081197", {}).get("Value", [0])))
    return int(value) if str(value).isdigit() else 0
