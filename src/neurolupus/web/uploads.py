"""Uploads: refused by their stated length before a byte is read, then kept on disk and never in memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from fastapi import HTTPException, Request
from starlette.datastructures import FormData, UploadFile

from neurolupus.store.engine import Store

MIB = 1 << 20
MOST_FILES, MOST_FIELDS = 2, 12


@asynccontextmanager
async def form_with_files(request: Request) -> AsyncIterator[FormData]:
    """A form with files, for as long as the block lasts; what is larger than the server takes is refused unread."""
    largest = request.app.state.settings.largest_upload_mb * MIB
    stated = request.headers.get("content-length", "")
    if not stated.isascii() or not stated.isdecimal():
        raise HTTPException(411, "Say how long the upload is (Content-Length); nothing was read.")
    if int(stated) > largest:
        raise HTTPException(
            413, f"The upload has {int(stated) / MIB:,.0f} MB; at most {largest // MIB} are taken. Nothing was kept."
        )
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
        yield form


def field(form: FormData, name: str) -> str:
    """A text of a form, without blanks around it; empty where it is missing."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


@contextmanager
def files_of(form: FormData, store: Store, names: tuple[str, ...]) -> Iterator[dict[str, Path]]:
    """The uploaded files under names of our own beside the store's files, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix=".upload-", dir=store.folder) as folder:
        found = {}
        for name in names:
            upload = form.get(name)
            if isinstance(upload, UploadFile) and upload.filename:
                found[name] = Path(folder) / name
                with found[name].open("wb") as stream:
                    shutil.copyfileobj(upload.file, stream, MIB)
        yield found
