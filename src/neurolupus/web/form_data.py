"""What a form sends: bounded, text only unless the page takes files."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData

LARGEST_FORM_BYTES = 1 << 20
MOST_FIELDS = 6000  # a record with hundreds of entries; the ticks of an import


async def read_form(request: Request) -> FormData:
    """The fields of a form without files."""
    claimed = request.headers.get("content-length", "")
    if not claimed.isdecimal() or int(claimed[:20]) > LARGEST_FORM_BYTES:
        raise HTTPException(413, f"A form of at most {LARGEST_FORM_BYTES:,} bytes is read.")
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
        return form


Fields = Annotated[FormData, Depends(read_form)]


def version_of(form: FormData) -> int:
    """The version that an edit began from; 0, which nothing has, where the form says none."""
    text = str(form.get("version", ""))
    return int(text) if text.isdecimal() and len(text) < 10 else 0
