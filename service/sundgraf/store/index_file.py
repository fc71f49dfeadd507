"""An index as a file that all processes map, so that it is made once and stands in memory once.

    8 bytes: how many parts; 8 bytes each: how long; then the parts, each at a multiple of 8 bytes

The first part is the pickled index without its buffers, the others are these. Only this service writes and reads such
files, in its own state directory; what is unpickled is never a stranger's.
"""

from __future__ import annotations

import io
import mmap
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import cast

_ALIGNED = 8  # bytes


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: object) -> tuple[object, ...]:  # type: ignore[override]
        if isinstance(obj, memoryview):
            return view_of, (pickle.PickleBuffer(obj.cast("B")), obj.format)
        return cast("tuple[object, ...]", NotImplemented)


def view_of(buffer: memoryview, format: str) -> memoryview:
    """Return what a buffer was a view of; named in the files."""
    return memoryview(buffer).cast("B").cast(format)  # type: ignore[call-overload,no-any-return]  # any of struct's formats


def write_index(index: object, file: Path) -> None:
    """Write an index. Raises OSError."""
    buffers: list[pickle.PickleBuffer] = []
    body = io.BytesIO()
    _Pickler(body, protocol=5, buffer_callback=buffers.append).dump(index)
    parts = [body.getbuffer(), *(buffer.raw() for buffer in buffers)]
    with file.open("wb") as sink:
        for number in (len(parts), *(part.nbytes for part in parts)):
            sink.write(number.to_bytes(8, "little"))
        for part in parts:
            sink.write(part)
            sink.write(bytes(-part.nbytes % _ALIGNED))


def read_index(file: Path) -> object:
    """Return the index in a file, its buffers mapped. Raises OSError, or ValueError for a broken one."""
    with file.open("rb") as source:
        mapped = memoryview(mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ))
    body, *buffers = _parts(mapped)
    try:
        return pickle.loads(body, buffers=buffers)
    except (pickle.UnpicklingError, EOFError, AttributeError) as error:
        raise ValueError(f"{str(file)!r} is broken: {error}") from error


def _parts(mapped: memoryview) -> Iterator[memoryview]:
    count = int.from_bytes(mapped[:8], "little")
    start = 8 * (1 + count)
    for number in range(1, count + 1):
        length = int.from_bytes(mapped[8 * number : 8 * number + 8], "little")
        yield mapped[start : start + length]
        start += length + -length % _ALIGNED
