"""How times grow with the data, from the mixes that were measured at several sizes.

    python -m tests.bench.growth                newest results of each size
    python -m tests.bench.growth 2026-11-26     those of a day

writes results/<date>-growth.md and .svg.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

from tests.bench.contestants import HERE
from tests.bench.mix import COLUMNS, DISK, OURS
from tests.bench.pictures import write_growth
from tests.bench.report import Section

_LOOK_UPS = ("01", "12", "13", "14")  # their answers are as long at every size
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})-mix-(\d+)\.json\Z")
_FLAT, _STEEPEST = 0.1, 1.1

Medians = dict[str, dict[int, dict[str, float]]]  # query -> triples -> server -> seconds


def main() -> int:
    """Write the table and the picture; 1 where a bar was missed."""
    folder = HERE / "results"
    day = sys.argv[1] if len(sys.argv) > 1 else max(m[1] for p in folder.iterdir() if (m := _FILE.fullmatch(p.name)))
    medians = read_medians(folder, day)
    section = report(medians)
    (folder / f"{day}-growth.md").write_text(f"# Growth, {day}\n\n{section.markdown()}", "utf-8")
    write_growth(folder / f"{day}-growth.svg", section.title, medians)
    print(section.markdown())
    return 0 if all(bar.met for bar in section.bars) else 1


def read_medians(folder: Path, day: str) -> Medians:
    """Return the medians of a day's mixes."""
    medians: Medians = {}
    for path in sorted(folder.iterdir()):
        named = _FILE.fullmatch(path.name)
        if named and named[1] == day:
            for query, taken in json.loads(path.read_text("utf-8"))["benches"][0]["values"].items():
                here = {who: spread[0] for who, spread in taken.items() if who in (OURS, DISK, COLUMNS)}
                medians.setdefault(query, {})[int(named[2])] = here
    return {query: dict(sorted(sizes.items())) for query, sizes in medians.items()}


def report(medians: Medians) -> Section:
    """Return the table of exponents and whether the bars are met."""
    sizes = sorted({size for found in medians.values() for size in found})
    section = Section("growth", f"Growth of the mix from {sizes[0]:,} to {sizes[-1]:,} triples")
    servers = (OURS, DISK, COLUMNS)
    section.header = (
        "query", *(f"{OURS} ms at {size:,}" for size in sizes), *(f"exponent, {who}" for who in servers),
        "last tenfold", f"against {DISK}", f"against {COLUMNS}",
    )  # fmt: skip
    steepest, flat = 0.0, 0.0
    against: dict[str, list[float]] = {DISK: [], COLUMNS: []}
    for query, found in medians.items():
        exponents = [_slope({size: taken[who] for size, taken in found.items() if who in taken}) for who in servers]
        last = _slope({size: found[size][OURS] for size in sizes[-2:]})
        if query[:2] in _LOOK_UPS:
            flat = max(flat, exponents[0])
        else:
            steepest = max(steepest, exponents[0])
        largest = found[sizes[-1]]
        ratios = [largest[who] / largest[OURS] if who in largest else math.nan for who in against]
        for who, ratio in zip(against, ratios, strict=True):
            against[who].append(ratio)
        section.rows.append(
            (query, *(f"{found[size][OURS] * 1000:.2f}" for size in sizes), *(f"{e:.2f}" for e in exponents),
             f"{last:.2f}", *(f"{ratio:.1f}x" for ratio in ratios))
        )  # fmt: skip
    section.at_most("steepest exponent of a scan", steepest, _STEEPEST, "")
    section.at_most("steepest exponent of a look-up", flat, _FLAT, "")
    for who, found_ratios in against.items():
        mean = math.exp(sum(map(math.log, found_ratios)) / len(found_ratios))
        section.at_least(f"geometric mean at {sizes[-1]:,} against {who}", mean, 1)
    section.notes = [
        "An exponent is the slope of a line through all sizes, both axes logarithmic; the last tenfold is "
        f"{sizes[-2]:,} to {sizes[-1]:,} alone, ours.",
        "Below 200,000 triples ours answers all queries from the engine, from there on long ones from columns.",
    ]
    return section


def _slope(times: dict[int, float]) -> float:
    points = [(math.log(size), math.log(seconds)) for size, seconds in times.items()]
    across = sum(x for x, _ in points) / len(points)
    up = sum(y for _, y in points) / len(points)
    return sum((x - across) * (y - up) for x, y in points) / sum((x - across) ** 2 for x, _ in points)


if __name__ == "__main__":
    sys.exit(main())
