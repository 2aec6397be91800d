"""The linking key: which label stands for which patient, and the secret behind new UIDs and shifted dates.

One JSON file that never leaves the clinic. Whoever holds it can tell who `sub-0001` is; whoever does not holds
pseudonyms only.
"""

import hmac
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from neurolupus.dicom.private.private_file import locked, read_private, stamp, write_private
from neurolupus.errors import DicomError, UsageError

FORMAT = "neurolupus linking key"
VERSION = 1
SECRET_BYTES = 32
UID_BITS = 122  # as many as a random UUID has
LONGEST_SHIFT_DAYS = 365
_LABEL = re.compile(r"[A-Za-z0-9]{1,64}")
_DATASET = "dataset_description.json"


@dataclass(slots=True)
class _Subject:
    patient_id: str
    issuer: str
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)


class LinkingKey:
    """Labels, shifts and UIDs of patients; opened with `LinkingKey.open`.

    Every new label is safe on disk before it is handed out, and looked up under a lock: two programs may use one key at
    once, and one that is killed forgets nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = stamp(path)
        self._secret, subjects = _read(path)
        self._take(subjects)

    def __repr__(self) -> str:
        return f"LinkingKey({str(self.path)!r}, {len(self._subjects)} subjects)"

    @classmethod
    @contextmanager
    def open(cls, path: Path, create: bool = True, outside: tuple[Path, ...] = ()) -> Iterator[Self]:
        """The key kept in `path`, made where there is none and `create` is true.

        Parameters
        ----------
        path : Path
            Its folder is made when it is absent.
        create : bool
            Whether a new key may be made.
        outside : tuple of Path
            Folders that will be shared, where the key must not lie, whether or not they exist yet.

        Raises
        ------
        UsageError
            The key would lie inside a BIDS data set or one of `outside`, or is missing and may not be made.
        DicomError
            The file is damaged, or others may read it.
        """
        path = path.expanduser().resolve()
        _check_apart(path, outside)
        if not path.exists():
            if not create:
                raise UsageError(f"{path} does not exist; the linking key is needed.\n    Check the path.")
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked(path):
                if not path.exists():
                    write_private(path, _told(secrets.token_bytes(SECRET_BYTES), {}))
        yield cls(path)

    def subject(self, patient_id: str, issuer: str = "", wanted: str | None = None) -> str:
        """The label of a patient, without `sub-`; the same patient always gets the same.

        Parameters
        ----------
        patient_id : str
            (0010,0020); spaces around it do not count, as DICOM says of LO.
        issuer : str
            (0010,0021): whose number it is.
        wanted : str, optional
            The label a new patient shall have; the next running number (`0001`) by default.

        Raises
        ------
        DicomError
            `patient_id` is empty.
        UsageError
            `wanted` has other signs than letters and digits, stands for somebody else, or the patient has another.
        """
        who = (patient_id.strip(" \0"), issuer.strip(" \0"))
        if not who[0]:
            raise DicomError(
                "A patient without PatientID cannot be told from others.\n    Give the series a PatientID."
            )
        if wanted is not None:
            check_label(wanted)
        label = self._labels.get(who)
        if label is None:
            with self._changing():
                label = self._labels.get(who) or self._new_label(wanted)
                if who not in self._labels:
                    self._subjects[label] = _Subject(*who)
                    self._labels[who] = label
                    self._save()
        if wanted not in (None, label):
            raise UsageError(
                f"This patient is sub-{label} in {self.path.name} already; sub-{wanted} was wanted.\n"
                "    Keep the label, or start with another linking key."
            )
        return label

    def session(self, subject: str, study_uid: str, study_date: str, wanted: str | None = None) -> str:
        """The label of a study without `ses-`: `1`, `2` … in order of first sight, always the same for one study.

        Parameters
        ----------
        subject : str
            A label of this key.
        study_uid, study_date : str
            Of the original; both are kept in the key.
        wanted : str, optional
            The label a new study shall have.

        Raises
        ------
        DicomError
            `study_uid` is empty.
        UsageError
            `wanted` has other signs than letters and digits, stands for another study, or the study has another.
        """
        if wanted is not None:
            check_label(wanted)
        if not study_uid.strip():
            raise DicomError(f"A study of sub-{subject} has no StudyInstanceUID.\n    Ask the archive for it again.")
        found = self._subject(subject).sessions.get(study_uid)
        if found is None:
            with self._changing():
                sessions = self._subject(subject).sessions
                found = sessions.get(study_uid)
                if found is None:
                    label = _session_label({one["label"] for one in sessions.values()}, wanted)
                    found = sessions[study_uid] = {"label": label, "date": study_date}
                    self._save()
        if wanted not in (None, found["label"]):
            raise UsageError(
                f"This study of sub-{subject} is ses-{found['label']} already; ses-{wanted} was wanted.\n"
                "    Keep the label, or start with another linking key."
            )
        return found["label"]

    def days(self, subject: str) -> int:
        """How many days every date of a subject moves into the past: 1 to 365, always the same for one subject."""
        self._subject(subject)
        return 1 + self._number("days", subject) % LONGEST_SHIFT_DAYS

    def uid(self, original: str) -> str:
        """A UID that stands for another: `2.25.` and 122 bits that only this key can make again.

        Raises
        ------
        DicomError
            `original` is empty: two unknown UIDs must not become one.
        """
        if not original:
            raise DicomError("An empty UID cannot be replaced.\n    Leave the attribute empty.")
        return f"2.25.{self._number('uid', original) >> (256 - UID_BITS)}"

    def scanner(self, serial_number: str) -> str:
        """Eight digits that stand for a scanner's serial number, always the same for one scanner."""
        return f"{self._number('scanner', serial_number.strip()) % 10**8:08d}"

    def _number(self, purpose: str, text: str) -> int:
        """256 keyed bits; what is asked for one purpose tells nothing of another."""
        return int.from_bytes(hmac.digest(self._secret, f"{purpose}\0{text}".encode(), "sha256"))

    def _subject(self, label: str) -> _Subject:
        if label not in self._subjects:
            self._reread()
        try:
            return self._subjects[label]
        except KeyError:
            raise UsageError(f"sub-{label} is not in {self.path.name}.\n    Check the label and the key.") from None

    def _new_label(self, wanted: str | None) -> str:
        if wanted is None:
            return f"{max((int(one) for one in self._subjects if one.isdecimal()), default=0) + 1:04d}"
        # Letters of both cases name one folder on some file systems
        if wanted.casefold() in {one.casefold() for one in self._subjects}:
            raise UsageError(f"sub-{wanted} stands for another patient in {self.path.name}.\n    Choose another label.")
        return wanted

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with locked(self.path):
            self._reread()
            try:
                yield
            except BaseException:
                # What could not be saved is not known either: the next question reads the file again
                self._stamp = None
                self._take({})
                raise

    def _reread(self) -> None:
        now = stamp(self.path)
        if now == self._stamp:
            return
        secret, subjects = _read(self.path)
        if secret != self._secret:
            raise DicomError(f"{self.path} was replaced by another key meanwhile.\n    Start again with one key.")
        self._stamp = now
        self._take(subjects)

    def _take(self, subjects: dict[str, _Subject]) -> None:
        self._subjects = subjects
        self._labels = {(one.patient_id, one.issuer): label for label, one in subjects.items()}

    def _save(self) -> None:
        write_private(self.path, _told(self._secret, self._subjects))
        self._stamp = stamp(self.path)


def _session_label(known: set[str], wanted: str | None) -> str:
    if wanted is None:
        return str(max((int(one) for one in known if one.isdecimal()), default=0) + 1)
    if wanted.casefold() in {one.casefold() for one in known}:
        raise UsageError(f"ses-{wanted} stands for another study of this person.\n    Choose another label.")
    return wanted


def check_label(label: str) -> None:
    """Raise UsageError when `label` is no BIDS label: letters and digits only."""
    if _LABEL.fullmatch(label) is None:
        raise UsageError(f"{label[:80]!r} is no label; letters and digits are needed (BIDS).\n    Give one like 0001.")


def _check_apart(path: Path, outside: tuple[Path, ...]) -> None:
    shared = next((one for one in outside if path.is_relative_to(one.expanduser().resolve())), None)
    shared = shared or next((one for one in path.parents if (one / _DATASET).exists()), None)
    if shared is not None:
        raise UsageError(
            f"The linking key {path.name} would lie in {shared}, which is there to be shared; whoever has the key can "
            "tell who the patients are.\n    Keep it elsewhere, for example in a folder that only you can open."
        )


def _told(secret: bytes, subjects: dict[str, _Subject]) -> dict[str, Any]:
    told = {
        label: {"patient_id": one.patient_id, "issuer": one.issuer, "sessions": one.sessions}
        for label, one in subjects.items()
    }
    return {"format": FORMAT, "version": VERSION, "secret": secret.hex(), "subjects": told}


def _read(path: Path) -> tuple[bytes, dict[str, _Subject]]:
    value = read_private(path)
    try:
        if (value["format"], value["version"]) != (FORMAT, VERSION):
            raise ValueError
        secret = bytes.fromhex(value["secret"])
        subjects = {label: _subject_of(label, told) for label, told in value["subjects"].items()}
        if len(secret) != SECRET_BYTES or len({(one.patient_id, one.issuer) for one in subjects.values()}) < len(
            subjects
        ):
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError, UsageError):
        raise DicomError(
            f"{path} is no linking key of version {VERSION}, or is damaged.\n    Check the path, or restore a backup."
        ) from None
    return secret, subjects


def _subject_of(label: str, told: dict[str, Any]) -> _Subject:
    check_label(label)
    sessions = {
        str(uid): {"label": str(one["label"]), "date": str(one["date"])} for uid, one in told["sessions"].items()
    }
    return _Subject(str(told["patient_id"]), str(told["issuer"]), sessions)
