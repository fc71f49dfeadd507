"""Read what is sent in: a document as the body, a file of a form, or text pasted into one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from sundgraf.application.fields import RecordClass
from sundgraf.domain.errors import BadInput, TooLarge
from sundgraf.http.forms import document_of_form
from sundgraf.store.document import Document, format_name

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_EXTRA = 1 << 16  # bytes of a form beside its documents


def is_form(request: Request) -> bool:
    """Say whether a request was sent by a form."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() in FORMS


async def read_form(request: Request, limit: int) -> FormData:
    """Return the fields of a form. Raises TooLarge or BadInput."""
    stream, seen = request.receive, 0

    async def counted() -> Any:
        nonlocal seen
        message = await stream()
        seen += len(message.get("body", b""))
        if seen > limit + _EXTRA:
            raise too_large(limit)
        return message

    _refuse_by_length(request, limit + _EXTRA)
    try:
        form = await Request(request.scope, counted).form(max_files=20, max_fields=2000, max_part_size=limit)
        for (
            name,
            value,
        ) in form.multi_items():  # the charset of multipart/form-data may be one that makes half characters
            _refuse_half_characters(name, value if isinstance(value, str) else value.filename or "")
        return form
    except MultiPartException as error:
        raise BadInput(f"The form cannot be read: {error.message}") from error
    except AssertionError as error:
        raise BadInput("The form cannot be read; send it as multipart/form-data.") from error


async def read_object(request: Request, limit: int) -> dict[str, str]:
    """Return the members of a JSON object as texts. Raises TooLarge or BadInput."""
    try:
        said = json.loads(await _read_body(request, limit))
    except (ValueError, RecursionError) as error:
        raise BadInput("The body is no JSON.") from error
    if not isinstance(said, dict):
        raise BadInput("The body must be a JSON object.")
    members = {str(name): str(value) for name, value in said.items()}
    _refuse_half_characters(*members, *members.values())
    return members


async def read_documents(
    request: Request, limit: int, classes_of: Callable[[str], list[RecordClass]] | None = None
) -> list[Document]:
    """Return the documents of a request. Raises TooLarge, BadInput or UnsupportedMediaType."""
    if is_form(request):
        return await documents_of_form(await read_form(request, limit), classes_of)
    body = await _read_body(request, limit)
    if not body.strip():
        raise BadInput("Nothing was sent; put the document into the body of the request.")
    media_type = request.headers.get("content-type", "")
    name = request.query_params.get("name", "")[:200]
    return [Document(name or "document", body, format_name(name, media_type))]


async def documents_of_form(
    form: FormData, classes_of: Callable[[str], list[RecordClass]] | None = None
) -> list[Document]:
    """Return the files of a form and its field `text` in the format `format`; or what a form of fields stands for.

    Raises BadInput where there is nothing.
    """
    documents = []
    if form.get("form_class") and classes_of is not None:
        return [document_of_form(form, classes_of(str(form["form_class"])))]
    for field in form.getlist("file"):
        if isinstance(field, UploadFile) and field.filename:
            content = await field.read()
            name = field.filename.replace("\\", "/").rsplit("/", 1)[-1][:200]
            documents.append(Document(name, content, format_name(name, field.content_type or "")))
    text = form.get("text")
    if isinstance(text, str) and text.strip():
        format = str(form.get("format") or "turtle")
        documents.append(Document("text", text.encode(), format_name(f"text.{format}", format)))
    if not documents:
        raise BadInput("Nothing was sent; choose a file or paste a text.")
    return documents


def texts_of(form: FormData) -> dict[str, str]:
    """Return the fields of a form that hold text, the last of each name."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _read_body(request: Request, limit: int) -> bytes:
    _refuse_by_length(request, limit)
    return await read_at_most(request, limit, too_large(limit))


def too_large(limit: int) -> TooLarge:
    """Return the error of a document with more than `limit` bytes."""
    return TooLarge(f"A document may have {limit:,} bytes; send it in parts, or as a file of `sundgraf load`.")


async def read_at_most(request: Request, most: int, excess: TooLarge) -> bytes:
    """Return the body of a request. Raises `excess`, which says what to do, beyond `most` bytes."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise excess
    return bytes(body)


def _refuse_half_characters(*texts: str) -> None:
    """Refuse halves of characters (surrogates), which no encoding of what we store and send can write."""
    if any("\ud800" <= character <= "\udfff" for text in texts if not text.isascii() for character in text):
        raise BadInput("The text has halves of characters (surrogates); send it as UTF-8.")


def _refuse_by_length(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise too_large(limit)
