"""Other registers: which are imported and how, the imports with their reports, and bringing an edition in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, RedirectResponse, Response

from sundgraf.application.apart import apart
from sundgraf.application.import_edition import Imported, Withdrawing, import_edition
from sundgraf.application.keep_import import keep_import
from sundgraf.application.submit import check_rate
from sundgraf.application.tell_import import say_import, words_of_counts
from sundgraf.domain.errors import BadInput, InvalidParameter, NotFound
from sundgraf.domain.register import Register
from sundgraf.domain.submission import ACCEPTED, Submission
from sundgraf.http.body import is_form, read_at_most, read_form, texts_of, too_large
from sundgraf.http.context import Context
from sundgraf.http.desk import PRIVATE, Desk, wants_page
from sundgraf.http.identity import check_form, form_key, identify, require
from sundgraf.http.imports import ALL
from sundgraf.http.pages import language_of
from sundgraf.store.document import Document
from sundgraf.store.imports import Imports
from sundgraf.store.registers import list_registers, read_register
from sundgraf.store.tokens import Token

_SECONDS = 300.0
_LARGEST = 64 << 20  # bytes of an edition; larger ones go by the command line
_FILES = ("source.toml", "mapping.yml", "recodings.sssom.tsv")


def router(context: Context) -> APIRouter:
    """Return the routes."""
    routes, office = APIRouter(tags=["submissions"]), _Office(context)

    @routes.get("/imports", summary="The registers that are imported, their mappings and last imports")
    async def listed(request: Request) -> Response:
        return await office.list(request)

    @routes.post("/imports/{name}", status_code=201, summary="Bring an edition of a register in, or only report on it")
    async def bring(request: Request, name: str) -> Response:
        return await office.bring(request, name)

    @routes.get("/imports/{name}/{file}", summary="A file of a register's mapping, or what came of an import")
    async def one(request: Request, name: str, file: str) -> Response:
        return await office.give(request, name, file)

    return routes


class _Office(Desk):
    """What is asked for of imports."""

    async def list(self, request: Request) -> Response:
        """Say which registers there are, and what was imported last."""
        token = identify(request, self._state)
        root, kept = self._root, Imports(self._state)
        registers = [read_register(root, name) for name in list_registers(root)]
        accepted = {one.name: next(iter(kept.select(one.name, ACCEPTED, 1)), None) for one in registers}
        if not wants_page(request):
            said = [_brief(one, accepted[one.name]) for one in registers]
            return JSONResponse({"registers": said}, headers={"Cache-Control": "no-cache", "Vary": PRIVATE["Vary"]})
        own = {
            one.name: [held for held in kept.select(one.name) if token and self._is_seen(token, held.submission)]
            for one in registers
        }
        files = {one.name: [f for f in _FILES if (_folder(root, one.name) / f).is_file()] for one in registers}
        return self._context.pages.render(
            request, "imports.html", headers=PRIVATE if token else {"Cache-Control": "no-cache"}, registers=registers,
            accepted=accepted, mine=own, files=files, token=token, key=form_key(request),
        )  # fmt: skip

    async def bring(self, request: Request, name: str) -> Response:
        """Import the files of a request."""
        token = require(request, self._state, "submitter")
        check_rate(self._state, token, self._context.settings.submissions_per_hour)
        register = read_register(self._root, name)
        form = await read_form(request, _LARGEST) if is_form(request) else FormData()
        said = {**dict(request.query_params), **texts_of(form)}
        check_form(request, said.get("form_key", ""))
        documents = await _documents(request, form, register)
        previous = await to_thread.run_sync(Imports(self._state).last_said, name)
        made: Imported = await apart(
            import_edition, documents, register, self._state, self._root, previous, _withdrawing(said),
            seconds=_SECONDS,
        )  # fmt: skip
        kept: Submission | None = None
        new = False
        if said.get("dry_run", "") not in ("yes", "true", "1"):
            kept, new = await to_thread.run_sync(
                keep_import, self._state, self._root, token, made, said.get("reason", "")
            )
        if wants_page(request):
            if kept is not None:
                return RedirectResponse(f"{kept.path}?lang={language_of(request)}", 303, PRIVATE)
            return self._page(request, made.report.as_mapping(), "", made.changes)
        outcome = {"changes": made.changes, "submission": kept.id if kept else None, "new": new,
                   "address": kept.path if kept else None}  # fmt: skip
        headers = {**PRIVATE, **({"Location": kept.path} if kept else {})}
        return JSONResponse({**outcome, **made.report.as_mapping()}, 201 if new else 200, headers)

    async def give(self, request: Request, name: str, file: str) -> Response:
        """Give a file of a register's mapping, or the report, the rejected rows or the change of an import."""
        if name in list_registers(self._root) and file in _FILES:
            path = _folder(self._root, name) / file
            return Response(path.read_bytes(), headers={"Content-Type": "text/plain; charset=utf-8"})
        if not name.startswith("sb-") or file not in ("report", "rejected.csv", "change"):
            raise NotFound(f"There is no {file[:40]!r} of {name[:40]!r} here; see /imports.")
        submission = self.held(require(request, self._state, "submitter"), name)
        imports = Imports(self._state)
        if file == "rejected.csv":
            headers = {**PRIVATE, "Content-Type": "text/csv; charset=utf-8",
                       "Content-Disposition": f'attachment; filename="{name}-rejected.csv"'}  # fmt: skip
            return Response(b"\xef\xbb\xbf" + imports.rejected(name).encode(), headers=headers)
        report = await to_thread.run_sync(imports.report, name)
        if file == "change":
            lines = f"# added\n{submission.added}# removed\n{submission.removed}"
            return Response(lines, headers={**PRIVATE, "Content-Type": "text/plain; charset=utf-8"})
        format = request.query_params.get("format", "html" if wants_page(request) else "json")
        if format == "text":
            text = say_import(report, language_of(request))
            return Response(text, headers={**PRIVATE, "Content-Type": "text/plain; charset=utf-8"})
        if format == "html":
            return self._page(request, report, name, True)
        if format != "json":
            raise InvalidParameter(f"format={format[:20]!r} is not one of html, json, text.", "format")
        return JSONResponse(report, headers=PRIVATE)

    def _page(self, request: Request, report: dict[str, Any], submission: str, changes: bool) -> Response:
        return self._context.pages.render(
            request, "import.html", headers=PRIVATE, report=report, submission=submission, changes=changes,
            words=words_of_counts(language_of(request)), shown=ALL,
        )  # fmt: skip

    def _is_seen(self, token: Token, submission: str) -> bool:
        try:
            self.held(token, submission)
        except NotFound:
            return False
        return True


async def _documents(request: Request, form: FormData, register: Register) -> list[Document]:
    """Return the files of a form, or the body. Raises BadInput or TooLarge."""
    documents = []
    for field in form.getlist("file"):
        if isinstance(field, UploadFile) and field.filename:
            name = field.filename.replace("\\", "/").rsplit("/", 1)[-1][:200]
            documents.append(Document(name, await field.read(), _format(name, register)))
    if not is_form(request):
        name = request.query_params.get("name", "edition")[:200]
        body = await read_at_most(request, _LARGEST, too_large(_LARGEST))
        documents = [Document(name, body, _format(name, register))] if body else []
    if not documents:
        raise BadInput("Nothing was sent; choose the files of an edition.")
    return documents


def _withdrawing(said: Mapping[str, str]) -> Withdrawing | None:
    """Return whether what is gone is withdrawn, and why. Raises InvalidParameter."""
    gone = said.get("gone", "keep")
    if gone not in ("keep", "withdraw"):
        raise InvalidParameter(f"gone={gone[:20]!r} is not one of keep, withdraw.", "gone")
    reasons = (said.get("gone_reason_en", ""), said.get("gone_reason_da", ""))
    return Withdrawing(*reasons) if gone == "withdraw" else None


def _format(name: str, register: Register) -> str:
    return "xlsx" if name.lower().endswith(".xlsx") else register.shape.format


def _folder(root: Path, name: str) -> Path:
    return root / "data" / "import" / name


def _brief(register: Register, last: Any) -> dict[str, Any]:
    return {
        "name": register.name, "title": {"en": register.title[0], "da": register.title[1]}, "page": register.page,
        "licence": register.licence, "mapping": f"/imports/{register.name}/mapping.yml",
        "selection": {"en": register.choice.told[0], "da": register.choice.told[1]},
        "lastImport": {"time": last.created, "publication": last.publication, "counts": last.counts} if last else None,
    }  # fmt: skip
