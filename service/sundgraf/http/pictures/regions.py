"""The five Danish regions as a schematic drawing of our own, and what becomes of two of them in 2027."""

from __future__ import annotations

from markupsafe import Markup

from sundgraf.http.pictures.drawing import Row, Work, anchor, disc, picture, shade, tag
from sundgraf.http.pictures.lettering import wrap

# Outlines on a grid of 560 x 560, own drawing: neither borders nor coasts, only who lies where.
OUTLINES = {
    "pl-0005": "M92 118 120 66 186 26 214 8 206 62 236 92 222 148 190 176 132 180 96 168z",
    "pl-0004": "M64 186 96 174 132 186 192 182 226 156 262 196 284 214 262 246 226 250 214 296 150 308 76 300 60 250z",
    "pl-0003": "M64 308 150 314 212 304 222 330 246 332 268 322 306 346 314 402 280 432 222 436 196 472 104 474z",
    "pl-0002": "M330 340 366 296 376 262 412 262 418 316 446 340 440 396 420 414 416 452 372 470 338 452 352 412z",
    "pl-0001": "M418 256 426 216 462 208 486 240 482 292 466 328 448 332 424 310z",
}
_BORNHOLM = "M516 372 540 362 552 384 538 404 518 396z"
# Where the number stands, and the name, in letters that can be read where the picture is half as wide.
_WORDS = {
    "pl-0005": ((152, 118), (240, 62)), "pl-0004": ((150, 246), (266, 178)), "pl-0003": ((170, 390), (62, 508)),
    "pl-0002": ((386, 372), (376, 508)), "pl-0001": ((452, 268), (508, 240)),
}  # fmt: skip
_ROOM = {"pl-0001": 152}  # pixels for a name that has to be broken
_EAST = (
    "M320 334 358 284 366 248 410 248 416 206 464 196 498 236 494 292 478 334 458 340 452 402 432 420 426 460 372 482 "
    "326 458 340 412z"
)


def draw(work: Work) -> Markup:
    """Return the map. Parts: region (with its label), rank, number; link."""
    most = max((work.number(row, "number") for row in work.rows), default=1)
    found = {str(row.get(work.part("region"), "")).rsplit("/", 1)[-1]: row for row in reversed(work.rows)}
    drawn = [_region(work, short, found[short], most) for short in OUTLINES if short in found]
    reform = [
        tag("path", d=_EAST, class_="reform"),
        *(
            tag("text", line, x=508, y=288 + 18 * at, class_="later")
            for at, line in enumerate((work.say("from 2027 Region", "fra 2027 Region"), "Østdanmark"))
        ),
    ]
    return tag(
        "figure",
        picture(
            620, 520, work.question.summary[work.language], tag("g", *drawn, *reform, transform="translate(-54 0)"),
            class_="regions",
        ),
        tag("figcaption", work.say(
            "As of 2026. The dashed line is Region Østdanmark, which takes the place of Region Hovedstaden and Region "
            "Sjælland on 1 January 2027. A schematic drawing, not a map.",
            "Pr. 2026. Den stiplede linje er Region Østdanmark, som afløser Region Hovedstaden og Region Sjælland "
            "1. januar 2027. En skematisk tegning, ikke et kort.")),
        class_="map",
    )  # fmt: skip


def _region(work: Work, short: str, row: Row, most: int) -> Markup:
    (x, y), (name_x, name_y) = _WORDS[short]
    rank, number, name = str(row.get(work.part("rank"), "0")), work.number(row, "number"), work.text(row, "region")
    tone = f"ground g{shade(number, most)}"
    furthest = f"{work.say('furthest', 'længst')}: {row.get('stageLabel', '?')}"
    return tag(
        "g",
        anchor(
            work.link(row), f"{name}: {work.figure(number)} {work.say('records', 'poster')}, {furthest}",
            tag("path", d=OUTLINES[short], class_=tone),
            tag("path", d=_BORNHOLM, class_=tone) if short == "pl-0001" else "",
            tag("text", work.figure(number), x=x - 11, y=y + 9, class_="large middle"), disc(rank, x + 20, y, 7),
            class_=f"on{shade(number, most)}",
        ),
        *(
            tag("text", line, x=name_x, y=name_y + 20 * at, class_="named")
            for at, line in enumerate(wrap(name, _ROOM.get(short, 400), 18, 2))
        ),
    )  # fmt: skip
