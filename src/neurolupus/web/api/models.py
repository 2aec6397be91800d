"""What the API takes and gives: closed models with limits; a patient's record is checked by its own reader."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

PREFIX = "/api/v1"
Plain = dict[str, Any]
Id = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
ETAG = r'^"\d{1,9}"$'
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", pattern=ETAG, description='The version the edit began from, as the ETag says: "3".'),
]


class Model(BaseModel):
    """What is taken and given: no field beyond those named."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Why something was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    error: str = Field(description="What was seen, what is needed, what to do next.")


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Refused; nothing was changed.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


class RecordIn(Model):
    """A patient's record: the fields of docs/reference/patient-file.md."""

    record: Plain
    status: str = Field("new", max_length=32)


class RecordOnly(Model):
    """A record that is not kept."""

    record: Plain


class SourceOut(Model):
    """One patient behind a number of a study's run."""

    id: str
    pseudonym: str | None = Field(description="null: erased since")
    record: int = Field(description="Version of the record that was read")
    scan: str | None = Field(description="The scan whose volumes were taken")
    measured_by: str | None = Field(description="Version of neurolupus that measured it")
    is_changed: bool = Field(description="Record, scan, ratings or seal are others now")


class ReleasedOut(Model):
    """What became of the scans that were held: ids."""

    queued: list[str]
    excluded: list[str]
    waiting: list[str]


class Made(Model):
    """What was made."""

    id: str
    version: int


class PatientRow(Model):
    """A patient in the work list."""

    id: str
    pseudonym: str
    status: str
    sex: str | None
    age: float | None
    version: int
    updated: datetime
    events: int
    scans: int


class PatientList(Model):
    """Those found; `total` counts all of them."""

    total: int
    patients: list[PatientRow]


class PatientOut(Model):
    """A patient as kept."""

    id: str
    pseudonym: str
    status: str
    version: int
    record: Plain
    created: datetime
    updated: datetime


class AdviceOut(Model):
    """Advice, and the version of the record it is on."""

    of_version: int | None
    advice: Plain


class ScoresOut(Model):
    """Scores, and the version of the record they are of."""

    of_version: int | None
    scores: Plain


class MeetingIn(Model):
    """A decision of the consensus meeting, to be signed in the caller's name."""

    record_version: int = Field(ge=1, le=10**9, description="Of the record that the meeting saw.")
    number: int = Field(ge=1, le=10**6, description="One more than the latest decision known.")
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    attribution: str = Field(max_length=32)
    mechanism: str = Field("", max_length=32)
    present: list[Annotated[str, Field(min_length=1, max_length=120)]] = Field(min_length=1, max_length=40)
    dissent: list[Dissent] = Field([], max_length=40)
    atrophy: str = Field(max_length=40, description="Whether atrophy influenced it: yes, no, no scan was looked at.")
    note: str = Field("", max_length=4000)
    why: str = Field("", max_length=2000, description="Needed of a revision.")


class Dissent(Model):
    """Another opinion."""

    by: str = Field(min_length=1, max_length=120)
    opinion: str = Field(min_length=1, max_length=2000)


class DecisionOut(Model):
    """A decision as signed."""

    number: int
    date: str
    content: Plain
    signed_by: str
    signed: datetime
    volumes_seen: bool
    sha256: str


class ScanOut(Model):
    """A scan."""

    id: str
    patient_id: str | None
    participant: str
    session: str | None
    acquired: str | None
    status: str
    message: str
    version: int


class NumberOut(Model):
    """One thing measured."""

    name: str
    value: float | None
    text: str | None
    unit: str | None
    low: float | None
    high: float | None


class RatingIn(Model):
    """A rating of one map, by the caller."""

    map: str = Field(max_length=16)
    verdict: str = Field(max_length=16)
    reason: str | None = Field(None, max_length=64)
    note: str = Field("", max_length=2000)
    version: int = Field(0, ge=0, le=10**6, description="Of the caller's rating that it replaces; 0: there is none.")


class RatingOut(Model):
    """A rating."""

    map: str
    rater: str
    verdict: str
    reason: str | None
    note: str
    blinded: bool
    version: int


class CriteriaIn(Model):
    """Which patients a cohort takes in; what is left out asks nothing."""

    age_from: float | None = Field(None, ge=0, le=120)
    age_to: float | None = Field(None, ge=0, le=120)
    sex: str = Field("", max_length=1)
    statuses: list[Annotated[str, Field(max_length=32)]] = Field([], max_length=20)
    syndromes: list[Annotated[str, Field(max_length=64)]] = Field([], max_length=40)
    consensus: list[Annotated[str, Field(max_length=32)]] = Field([], max_length=10)
    with_scan: bool = False
    usable_scan: bool = False


class StudyIn(Model):
    """A study: its file, and which patients of the store it takes in."""

    name: str = Field(min_length=1, max_length=128)
    text: str = Field(min_length=1, max_length=256 * 1024, description="The study file, YAML.")
    criteria: CriteriaIn


class StudyOut(Model):
    """A study as kept."""

    id: str
    name: str
    version: int
    text: str
    cohort: Plain
    created: datetime
    updated: datetime


class RunOut(Model):
    """A run of a study."""

    id: str
    status: str
    message: str
    study_version: int
    who: str
    patients: int | None
    flow: Plain
    started: datetime
    finished: datetime | None
    stale: str | None = Field(description="Why it no longer says what the store would say; null where it does.")


class QuestionIn(Model):
    """A question in plain words."""

    question: str = Field(min_length=1, max_length=500)
    audience: str = Field("rheumatologist", max_length=32)
    show_all: bool = False


class TrailOut(Model):
    """What checking the trail found."""

    whole: bool
    entries: int
    hash: str
    faults: list[str]


class StudyText(Model):
    """A study file to be checked and not kept."""

    text: str = Field(min_length=1, max_length=256 * 1024)


def version_of(if_match: str | None) -> int:
    """The version that If-Match names.

    Raises
    ------
    HTTPException
        428: there is none.
    """
    if if_match is None:
        raise HTTPException(428, 'Say which version you changed: If-Match: "3", as the ETag of what you read.')
    return int(if_match.strip('"'))
