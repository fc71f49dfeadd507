"""Generate a registry of any size: the same bytes for the same size and seed.

    python -m tests.bench.generate 1_000_000 > registry.nt
    python -m tests.bench.generate 10_000_000 --seed 7 --output registry.nt

Shaped like the registry the service is for, in its own terms: use cases in a hierarchy, countries with regions,
organisations, sources, and projects with deployments, dated status reports and effect claims; labels in Danish and
English; what is popular is popular as in life (Zipf). Nothing in it is about anybody.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

BASE = "https://w3id.org/sundgraf/"
DEFAULT_SEED = 20261120
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_DCTERMS = "http://purl.org/dc/terms/"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_FOAF = "http://xmlns.com/foaf/0.1/"
_ORG = "http://www.w3.org/ns/org#"
_OWN = f"{BASE}def/"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _pairs(text: str) -> list[tuple[str, str]]:
    """Read "English = Danish; English = Danish"."""
    return [tuple(word.strip() for word in pair.split("=")) for pair in text.split(";")]


COUNTRIES = _words("""
    DNK SWE NOR FIN DEU NLD GBR FRA ESP ITA POL BEL AUT IRL PRT CZE GRC HUN ROU BGR HRV SVK SVN LTU LVA EST CYP
    LUX MLT ISL
""")
TECHNOLOGIES = _words("""
    ai-image-processing ai-data-analysis generative-ai simple-automation video-and-remote-monitoring
    robots-and-other
""")
STAGES = _words("pilot in-operation development idea planned ended large-scale-trial unknown")
EFFECTS = _words("""
    free-up-labour better-treatment-quality faster-patient-pathway better-working-environment
    population-care-and-prevention strengthen-local-healthcare
""")
EFFECT_BASES = _words("expected claimed measured contradicted")
EVIDENCE = _words("not-stated technical diagnostic-accuracy patient-outcome diagnostic-thinking therapeutic societal")
_WHAT = _pairs("""
    Detection = Opsporing; Triage = Visitation; Prediction = Forudsigelse; Planning = Planlægning;
    Documentation = Journalføring; Follow-up = Opfølgning; Coding = Kodning; Screening = Screening;
    Monitoring = Overvågning; Rehabilitation = Genoptræning; Dosing = Dosering; Dispatch = Udsendelse;
    Transcription = Udskrivning af tale; Second reading = Anden granskning
""")
_WHERE = _pairs("""
    sepsis = blodforgiftning; stroke = apopleksi; breast cancer = brystkræft; fractures = brud;
    lung nodules = lungeknuder; diabetes = sukkersyge; depression = depression; births = fødsler; dementia = demens;
    heart failure = hjertesvigt; skin lesions = hudforandringer; eye disease = øjensygdomme;
    home care = hjemmepleje; emergency calls = alarmopkald; waiting lists = ventelister;
    medicine reviews = medicingennemgang; prostate cancer = prostatakræft; epilepsy = epilepsi;
    pressure ulcers = tryksår; discharge letters = udskrivningsbreve
""")
_HOW = _pairs("""
    with images = med billeder; with language models = med sprogmodeller; at home = i hjemmet;
    in the emergency department = på akutmodtagelsen; with wearable sensors = med kropsbårne sensorer;
    in general practice = i almen praksis; from laboratory results = ud fra blodprøvesvar; by voice = med tale
""")
_FIRST_DAY, _LAST_DAY = date(2014, 1, 1), date(2026, 11, 1)


class _Skewed:
    """Picks from a row of things, the first ones most often."""

    def __init__(self, things: Sequence[str], exponent: float = 1.0) -> None:
        self.things = things
        self._sums = list(itertools.accumulate(1 / (rank**exponent) for rank in range(1, len(things) + 1)))

    def pick(self, chance: random.Random) -> str:
        return chance.choices(self.things, cum_weights=self._sums)[0]

    def some(self, chance: random.Random, most: int) -> list[str]:
        """Between one and `most` different ones; rarely many."""
        wanted = 1 + min(int(chance.expovariate(1.2)), most - 1)
        return sorted({self.pick(chance) for _ in range(wanted)})


def generate(triples: int, seed: int = DEFAULT_SEED) -> Iterator[str]:
    """Yield lines of N-Triples, each a different statement, `triples` of them."""
    return itertools.islice(_Registry(triples, seed).lines(), triples)


class _Registry:
    def __init__(self, triples: int, seed: int) -> None:
        self._chance = random.Random(seed)
        self._use_cases = [
            _identify("concept/usecase", f"uc-{n:05d}") for n in range(max(40, min(3000, triples // 400)))
        ]
        self._places = [_identify("id/place", f"pl-{n:05d}") for n in range(len(COUNTRIES) * 12)]
        self._organisations = [_identify("id/organisation", f"o-{n:06d}") for n in range(max(60, triples // 250))]
        self._sources = [_identify("id/source", f"src-{n:07d}") for n in range(max(60, triples // 60))]

    def lines(self) -> Iterator[str]:
        yield from self._concepts()
        yield from self._geography()
        yield from self._agents()
        yield from self._references()
        countries = _Skewed([_country(code) for code in COUNTRIES], 0.9)
        regions = [_Skewed(self._places[n * 12 + 1 : n * 12 + 12]) for n in range(len(COUNTRIES))]
        pickers = {
            "use case": _Skewed(self._chance.sample(self._use_cases, len(self._use_cases)), 0.8),
            "organisation": _Skewed(self._organisations, 0.8),
            "source": _Skewed(self._sources, 0.5),
            "technology": _Skewed([_concept("technology", name) for name in TECHNOLOGIES]),
            "stage": _Skewed([_concept("stage", name) for name in STAGES]),
            "effect": _Skewed([_concept("effect", name) for name in EFFECTS], 0.7),
            "effect basis": _Skewed([_concept("effect-basis", name) for name in EFFECT_BASES]),
            "evidence": _Skewed([_concept("evidence-level", name) for name in EVIDENCE], 1.3),
        }
        for number in itertools.count():
            country = countries.pick(self._chance)
            place = regions[countries.things.index(country)].pick(self._chance)
            yield from self._project(number, country, place, pickers)

    def _concepts(self) -> Iterator[str]:
        schemes = {
            "technology": TECHNOLOGIES,
            "stage": STAGES,
            "effect": EFFECTS,
            "effect-basis": EFFECT_BASES,
            "evidence-level": EVIDENCE,
        }
        for scheme, names in schemes.items():
            for rank, name in enumerate(names):
                concept = _concept(scheme, name)
                yield from _describe(concept, f"{_SKOS}Concept", name.replace("-", " ").capitalize(), f"{name} (da)")
                yield _line(concept, f"{_SKOS}inScheme", _iri(f"concept/{scheme}"))
                yield _line(concept, f"{_OWN}rank", _integer(rank + 1))
        for number, concept in enumerate(self._use_cases):
            english, danish = _title(number, 0)
            yield from _describe(concept, f"{_SKOS}Concept", english, danish)
            yield _line(concept, f"{_SKOS}inScheme", _iri("concept/usecase"))
            if number >= 8:  # eight at the top; each of the others below one that came before
                yield _line(concept, f"{_SKOS}broader", self._use_cases[number // 5])

    def _geography(self) -> Iterator[str]:
        for number, place in enumerate(self._places):
            code, region = COUNTRIES[number // 12], number % 12
            yield from _describe(place, f"{_OWN}Place", f"{code} region {region}", f"{code} egn {region}")
            yield _line(place, f"{_OWN}country", _country(code))
            if region:
                yield _line(place, f"{_OWN}partOf", self._places[number - region])
        for code in COUNTRIES:
            yield _line(_country(code), f"{_RDF}type", f"<{_SKOS}Concept>")
            yield _line(_country(code), f"{_RDFS}label", _text(code, "en"))

    def _agents(self) -> Iterator[str]:
        for number, organisation in enumerate(self._organisations):
            yield _line(organisation, f"{_RDF}type", f"<{_ORG}Organization>")
            yield _line(organisation, f"{_RDFS}label", _text(f"Hospital and University {number}", "en"))
            yield _line(organisation, f"{_FOAF}name", _text(f"Hospital and University {number}", "en"))
            yield _line(organisation, f"{_DCTERMS}spatial", self._chance.choice(self._places))
            if number % 3 == 1:
                yield _line(organisation, f"{_ORG}subOrganizationOf", self._organisations[number // 3])

    def _references(self) -> Iterator[str]:
        for number, source in enumerate(self._sources):
            yield from _describe(source, f"{_OWN}Source", f"Report {number}", f"Rapport {number}")
            yield _line(source, f"{_FOAF}page", f"<https://example.org/{number // 100}/{number}>")
            yield _line(source, f"{_DCTERMS}date", self._day())

    def _project(self, number: int, country: str, place: str, pick: dict[str, _Skewed]) -> Iterator[str]:
        chance = self._chance
        project = _identify("id/project", f"p-{number:07d}")
        english, danish = _title(chance.randrange(1 << 30), number)
        source = pick["source"].pick(chance)
        yield from _describe(project, f"{_OWN}Project", english, danish)
        yield _line(project, f"{_DCTERMS}identifier", _text(f"p-{number:07d}"))
        yield _line(project, f"{_DCTERMS}title", _text(english, "en"))
        yield _line(project, f"{_DCTERMS}title", _text(danish, "da"))
        yield _line(
            project, f"{_DCTERMS}description", _text(f"{english}: a trial of {1 + chance.randrange(40)} months.", "en")
        )
        for use_case in pick["use case"].some(chance, 4):
            yield _line(project, f"{_OWN}useCase", use_case)
        yield _line(project, f"{_OWN}technologyType", pick["technology"].pick(chance))
        yield _line(project, f"{_OWN}country", country)
        yield _line(project, f"{_DCTERMS}spatial", place)
        for organisation in pick["organisation"].some(chance, 5):
            yield _line(project, f"{_OWN}participant", organisation)
        yield _line(project, f"{_OWN}startDate", self._day())
        if chance.random() < 0.4:
            yield _line(project, f"{_OWN}endDate", self._day())
        if chance.random() < 0.3:
            yield _line(project, f"{_OWN}budget", _integer(10_000 * (1 + int(chance.paretovariate(1.1)))))
        yield _line(project, f"{_DCTERMS}source", source)
        for order in range(min(int(chance.expovariate(0.9)), 6)):
            report = _identify("id/status-report", f"st-{number:07d}-{order}")
            yield _line(report, f"{_RDF}type", f"<{_OWN}StatusReport>")
            yield _line(report, f"{_OWN}about", project)
            yield _line(report, f"{_OWN}stage", pick["stage"].pick(chance))
            yield _line(report, f"{_DCTERMS}date", self._day())
            yield _line(report, f"{_DCTERMS}source", pick["source"].pick(chance))
        for order in range(min(int(chance.expovariate(1.1)), 4)):
            claim = _identify("id/effect-claim", f"e-{number:07d}-{order}")
            yield _line(claim, f"{_RDF}type", f"<{_OWN}EffectClaim>")
            yield _line(claim, f"{_OWN}about", project)
            yield _line(claim, f"{_OWN}effectType", pick["effect"].pick(chance))
            yield _line(claim, f"{_OWN}effectBasis", pick["effect basis"].pick(chance))
            yield _line(claim, f"{_OWN}evidenceLevel", pick["evidence"].pick(chance))
            yield _line(claim, f"{_DCTERMS}source", source)
            if chance.random() < 0.25:
                yield _line(claim, f"{_OWN}value", f'"{chance.randrange(1, 999) / 10}"^^<{_XSD}decimal>')
                yield _line(claim, f"{_OWN}unit", _text("%"))
        if chance.random() < 0.35:
            deployment = _identify("id/deployment", f"d-{number:07d}")
            yield from _describe(deployment, f"{_OWN}Deployment", f"{english} in use", f"{danish} i drift")
            yield _line(deployment, f"{_OWN}continues", project)
            yield _line(deployment, f"{_OWN}operator", pick["organisation"].pick(chance))
            yield _line(deployment, f"{_OWN}country", country)
            yield _line(deployment, f"{_OWN}stage", pick["stage"].pick(chance))
            yield _line(deployment, f"{_OWN}startDate", self._day())

    def _day(self) -> str:
        day = _FIRST_DAY + timedelta(days=int(self._chance.random() ** 0.5 * (_LAST_DAY - _FIRST_DAY).days))
        return f'"{day}"^^<{_XSD}date>'


def _title(draw: int, number: int) -> tuple[str, str]:
    what, rest = _WHAT[draw % len(_WHAT)], draw // len(_WHAT)
    where, rest = _WHERE[rest % len(_WHERE)], rest // len(_WHERE)
    how = _HOW[rest % len(_HOW)]
    ending = f" {number}" if number else ""
    return f"{what[0]} of {where[0]} {how[0]}{ending}", f"{what[1]} af {where[1]} {how[1]}{ending}"


def _describe(thing: str, kind: str, english: str, danish: str) -> Iterator[str]:
    yield _line(thing, f"{_RDF}type", f"<{kind}>")
    yield _line(thing, f"{_RDFS}label", _text(english, "en"))
    yield _line(thing, f"{_RDFS}label", _text(danish, "da"))


def _line(subject: str, predicate: str, value: str) -> str:
    return f"{subject} <{predicate}> {value} .\n"


def _iri(path: str) -> str:
    return f"<{BASE}{path}>"


def _identify(path: str, opaque: str) -> str:
    return _iri(f"{path}/{opaque}")


def _concept(scheme: str, notation: str) -> str:
    return _iri(f"concept/{scheme}/{notation}")


def _country(code: str) -> str:
    return f"<http://publications.europa.eu/resource/authority/country/{code}>"


def _text(value: str, language: str = "") -> str:
    return f'"{value}"@{language}' if language else f'"{value}"'


def _integer(value: int) -> str:
    return f'"{value}"^^<{_XSD}integer>'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("triples", type=lambda text: int(text.replace("_", "")), help="how many, 10_000 to 10_000_000")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--output", type=argparse.FileType("w", encoding="utf-8"), default=sys.stdout)
    arguments = parser.parse_args()
    if not 10_000 <= arguments.triples <= 10_000_000:
        parser.error("give a number of triples from 10_000 to 10_000_000")
    written = 0
    for lines in _batches(generate(arguments.triples, arguments.seed)):
        arguments.output.write("".join(lines))
        written += len(lines)
        print(f"\r{written:,} of {arguments.triples:,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def _batches(lines: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(itertools.islice(lines, 50_000)):
        yield batch


if __name__ == "__main__":
    main()
