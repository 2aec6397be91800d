"""Files of a form: on disk under names of our own, for as long as they are looked at."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from neurolupus.jobs.scratch import scratch
from neurolupus.store.engine import Store

MIB = 1 << 20
MOST_FILES, MOST_FIELDS = 2, 12


@asynccontextmanager
async def form_with_files(request: Request) -> AsyncIterator[FormData]:
    """A form with files, for as long as the block lasts; `takes_uploads` says how large it may be."""
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
        yield form


def field(form: FormData, name: str) -> str:
    """A text of a form, without blanks around it; empty where it is missing."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


@contextmanager
def files_of(form: FormData, store: Store, names: tuple[str, ...]) -> Iterator[dict[str, Path]]:
    """The uploaded files under names of our own beside the store's files, for as long as the block lasts."""
    with scratch(".upload", store.folder) as folder:
        found = {}
        for name in names:
            upload = form.get(name)
            if isinstance(upload, UploadFile) and upload.filename:
                found[name] = folder / name
                with found[name].open("wb") as stream:
                    shutil.copyfileobj(upload.file, stream, MIB)
        yield found
