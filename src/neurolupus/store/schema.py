"""The tables. `migrations/versions` makes them; a test holds the two together."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from neurolupus.store.moment import Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_MOMENT = Moment()


def _id() -> "Column[str]":
    return Column("id", String(36), primary_key=True)


def _of(table: str, *, null: bool = False) -> "Column[str]":
    """A row that goes when the row it belongs to goes."""
    name = {"patients": "patient_id", "scans": "scan_id", "studies": "study_id"}[table]
    return Column(name, String(36), ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=null, index=True)


def _version() -> "Column[int]":
    return Column("version", Integer, nullable=False, default=1)


patients = Table(
    "patients",
    metadata,
    _id(),
    Column("pseudonym", String(64), nullable=False, unique=True),
    Column("status", String(32), nullable=False),  # where in the clinic's work list
    Column("sex", String(8)),
    Column("age", Float),
    Column("record", JSON, nullable=False),  # the patient's record as plain values: what advice is given on
    _version(),
    Column("facts", Integer, nullable=False),  # the version at which the record last changed; a status is no fact
    Column("created", _MOMENT, nullable=False),
    Column("updated", _MOMENT, nullable=False),
    Index("ix_patients_status_pseudonym", "status", "pseudonym"),
    Index("ix_patients_updated_pseudonym", "updated", "pseudonym"),  # the order of the work list
)

# AES-256 keys of the patients' entries in the trail; with the key gone, what the trail says of the patient is gone
patient_keys = Table(
    "patient_keys",
    metadata,
    Column("patient_id", String(36), ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
)

visits = Table(
    "visits",
    metadata,
    _id(),
    _of("patients"),
    Column("date", String(10), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("note", Text, nullable=False, default=""),
    _version(),
)


def _dated(name: str) -> Table:
    """What a record says, a row each, to search and count by; written anew with every change of the record."""
    return Table(
        name,
        metadata,
        _id(),
        _of("patients"),
        Column("date", String(10), index=True),
        Column("name", String(128), nullable=False, index=True),
        Column("value", String(256)),
        Column("number", Float),
        Column("unit", String(32)),
    )


events, labs, treatments = _dated("events"), _dated("labs"), _dated("treatments")

# What was computed from a record, and from which version of it; stale as soon as the record has a later one
derived = Table(
    "derived",
    metadata,
    _id(),
    _of("patients"),
    Column("kind", String(32), nullable=False),  # advice, scores
    Column("of_version", Integer, nullable=False),
    Column("computed", _MOMENT, nullable=False),
    Column("content", JSON, nullable=False),
    UniqueConstraint("patient_id", "kind"),
)

consensus = Table(
    "consensus",
    metadata,
    _id(),
    _of("patients"),
    Column("number", Integer, nullable=False),  # 1 the first decision, 2 its revision ...
    Column("date", String(10), nullable=False),
    Column("content", JSON, nullable=False),
    Column("signed_by", String(64), nullable=False),
    Column("signed", _MOMENT, nullable=False),
    Column("volumes_seen", Boolean, nullable=False),  # whether this patient's volumes had been opened before signing
    UniqueConstraint("patient_id", "number"),
)

scans = Table(
    "scans",
    metadata,
    _id(),
    _of("patients", null=True),
    Column("participant", String(64), nullable=False),
    Column("session", String(64)),
    Column("acquired", String(10)),
    Column("status", String(16), nullable=False, index=True),  # held, queued, running, measured, failed
    Column("message", Text, nullable=False, default=""),
    Column("folder", String(256), nullable=False),  # under the store's files; never absolute
    Column("blinded", String(32), nullable=False),  # what raters see instead of the participant
    _version(),
    Column("created", _MOMENT, nullable=False),
    Column("updated", _MOMENT, nullable=False),
)

measurements = Table(
    "measurements",
    metadata,
    _id(),
    _of("scans"),
    Column("name", String(64), nullable=False),
    Column("value", Float),
    Column("text", String(256)),
    Column("unit", String(16)),
    Column("low", Float),
    Column("high", Float),
    Column("method", String(128), nullable=False),
    UniqueConstraint("scan_id", "name", "method"),
)

ratings = Table(
    "ratings",
    metadata,
    _id(),
    _of("scans"),
    Column("map", String(16), nullable=False),  # T1w, FLAIR, GM, WM, WMH, CSF
    Column("rater", String(64), nullable=False),
    Column("verdict", String(16), nullable=False),  # accept, exclude
    Column("reason", String(64)),
    Column("note", Text, nullable=False, default=""),
    Column("blinded", Boolean, nullable=False),
    Column("at", _MOMENT, nullable=False),
    _version(),
    UniqueConstraint("scan_id", "map", "rater"),
    CheckConstraint("verdict = 'accept' OR reason IS NOT NULL", name="reason_for_exclusion"),
)

# Lesion masks edited by hand and measured again; the automatic result stays as it was
edits = Table(
    "edits",
    metadata,
    _id(),
    _of("scans"),
    Column("rater", String(64), nullable=False),
    Column("status", String(16), nullable=False, index=True),  # queued, running, measured, failed
    Column("message", Text, nullable=False, default=""),
    Column("folder", String(256), nullable=False),  # under the store's files
    Column("comparison", JSON, nullable=False),  # with the automatic mask: volumes in ml, Dice
    Column("created", _MOMENT, nullable=False),
    Column("updated", _MOMENT, nullable=False),
)

studies = Table(
    "studies",
    metadata,
    _id(),
    Column("name", String(128), nullable=False, unique=True),
    Column("text", Text, nullable=False),  # the study file as uploaded
    Column("cohort", JSON, nullable=False),  # an uploaded table's folder, or the criteria of a cohort from the store
    _version(),
    Column("created", _MOMENT, nullable=False),
    Column("updated", _MOMENT, nullable=False),
)

study_runs = Table(
    "study_runs",
    metadata,
    _id(),
    _of("studies"),
    Column("status", String(16), nullable=False),  # queued, running, done, failed
    Column("message", Text, nullable=False, default=""),
    Column("folder", String(256), nullable=False),
    Column("study_version", Integer, nullable=False),
    Column("who", String(64), nullable=False),
    Column("patients", JSON, nullable=False),  # screened: id -> what was read; included: ids
    Column("flow", JSON, nullable=False),  # how the cohort came to be, counted
    Column("started", _MOMENT, nullable=False),
    Column("finished", _MOMENT),
)

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("password", String(256)),  # argon2id; none where a provider of identities vouches
    Column("subject", String(512), unique=True),  # that provider's address and its own, unchanging id of the user
    Column("role", String(16), nullable=False),
    Column("may_export", Boolean, nullable=False, default=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", _MOMENT),
    Column("created", _MOMENT, nullable=False),
    _version(),
    CheckConstraint("role IN ('viewer', 'editor', 'admin')", name="known_role"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of what the browser holds
    Column("user", String(64), ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created", _MOMENT, nullable=False),
    Column("seen", _MOMENT, nullable=False),
)

# What an authenticator app and the server share; of recovery codes only hashes
second_factors = Table(
    "second_factors",
    metadata,
    Column("user", String(64), ForeignKey("users.name", ondelete="CASCADE"), primary_key=True),
    Column("secret", String(64), nullable=False),  # base32
    Column("step", BigInteger, nullable=False),  # of time, whose code was used last: none is taken twice
    Column("recovery", JSON, nullable=False),
    Column("since", _MOMENT, nullable=False),
)

# What lies in the store's folder of files, to tell whether it is still what was put there
files = Table(
    "files",
    metadata,
    Column("path", String(512), primary_key=True),  # below the folder of files, with slashes
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)

# What a program signs in with; only its SHA-256 is kept
api_tokens = Table(
    "api_tokens",
    metadata,
    _id(),
    Column("token", String(64), nullable=False, unique=True),
    Column("user", String(64), ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("label", String(64), nullable=False),
    Column("created", _MOMENT, nullable=False),
    Column("expires", _MOMENT, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
    _version(),
)

# Triggers, made by the migration, refuse to alter an entry or take one out
audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("who", String(64), nullable=False),
    Column("action", String(64), nullable=False, index=True),
    Column("subject", String(128), nullable=False, index=True),
    Column("patient_id", String(36), index=True),  # no foreign key: the entry outlives the patient
    Column("content", Text, nullable=False),  # JSON, or sealed with the patient's key
    Column("before_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

# One row: the end of the chain, taken under lock by whoever writes
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
