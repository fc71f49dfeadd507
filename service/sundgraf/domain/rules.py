"""The rules of submission that no shape can say: about what a document speaks of, and what is there already.

Each has its page at concept/submission-rule/<name> (ontology/vocab/submission-rule.ttl).
"""

from __future__ import annotations

from dataclasses import dataclass

from sundgraf.domain.names import BASE
from sundgraf.domain.report import Finding

_PAGES = f"{BASE}concept/submission-rule/"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its name, how grave breaking it is, and what to do then, in English and Danish."""

    name: str
    severity: str
    english: str
    danish: str

    @property
    def iri(self) -> str:
        """Where its page is."""
        return _PAGES + self.name

    def broken_by(
        self, subject: str, property: str = "", value: str = "", more: str = "", nearest: str = ""
    ) -> Finding:
        """Return the finding that something breaks it; `more` is said behind the value, `nearest` is a hint."""
        shown = f" (<{value}>)" if value else ""
        hints = (f" Did you mean {nearest}?", f" Mente du {nearest}?") if nearest else ("", "")
        return Finding(
            "", 0, f"{subject} {property}".strip(), self.name, self.english + shown + more + hints[0],
            self.danish + shown + more + hints[1], self.severity, value=value, property=property, shape=self.iri,
            nearest=nearest,
        )  # fmt: skip


def page_of(rule: str) -> str:
    """Return the IRI of the page of a rule by its name."""
    return _PAGES + rule


FIELDS = {"reason": ("why", "hvorfor"), "source": ("source", "kilde")}  # of a submission itself, in English and Danish
RESERVED = Rule(
    "gate-reserved", "violation",
    "The ontology, the code lists, the shapes and the graphs are not changed by submissions; leave this subject out.",
    "Ontologien, kodelisterne, formerne og graferne ændres ikke ved indsendelse; udelad dette emne.",
)  # fmt: skip
FOREIGN = Rule(
    "gate-foreign", "violation",
    "This is somebody else's identifier; describe a record of ours and point to it with skos:exactMatch.",
    "Det er en andens identifikator; beskriv en post hos os, og peg på den med skos:exactMatch.",
)  # fmt: skip
UNPUBLISHED = Rule(
    "gate-unpublished", "info",
    "No record is published under this identifier; it is given a new one when it is accepted.",
    "Ingen post er udgivet under denne identifikator; den får en ny, når den bliver antaget.",
)  # fmt: skip
UNTYPED = Rule(
    "gate-class", "violation",
    "Say what it is: give it an rdf:type of this ontology, such as sg:Project.",
    "Sig, hvad det er: giv det en rdf:type fra ontologien, for eksempel sg:Project.",
)  # fmt: skip
NO_RECORD = Rule(
    "gate-class", "violation",
    "Records of this class cannot be sent in; give it exactly one class that /templates lists.",
    "Poster af denne klasse kan ikke sendes ind; giv den netop én af de klasser, som /templates nævner.",
)  # fmt: skip
LOGGED = Rule(
    "gate-log", "violation",
    "The log of publications and what was withdrawn or merged is never changed; take another subject.",
    "Loggen over udgivelser og det, der er trukket tilbage eller lagt sammen, ændres aldrig; tag et andet emne.",
)  # fmt: skip
DERIVED = Rule(
    "gate-derived", "violation",
    "Rules derive this property of such records; say what it follows from instead, and leave it out.",
    "Regler afleder denne egenskab for den slags poster; skriv det, den følger af, og udelad den.",
)  # fmt: skip
LEFT_OUT = Rule(
    "gate-derived", "info",
    "Statements that rules derive, or that are published of other things, were left out; nothing changes in them.",
    "Udsagn, som regler afleder, eller som er udgivet om andre ting, blev udeladt; i dem ændres intet.",
)  # fmt: skip
NOT_FETCHED = Rule(
    "gate-imports", "warning",
    "owl:imports is never followed here; send what it holds, or leave it out.",
    "owl:imports følges aldrig her; send det, den rummer, eller udelad den.",
)  # fmt: skip
UNKNOWN = Rule(
    "gate-reference", "violation",
    "Nothing is published under this identifier, nor described in what you send; mend it, or describe it too.",
    "Intet er udgivet under denne identifikator eller beskrevet i det, du sender; ret den, eller beskriv den også.",
)  # fmt: skip
PERSONAL = Rule(
    "gate-personal", "violation",
    "The reason, the source and the reviewer's words become public; leave personal data out.",
    "Begrundelse, kilde og bedømmerens ord bliver offentlige; udelad persondata.",
)  # fmt: skip
SAME_NAME = Rule(
    "duplicate-name", "warning",
    "A record of the same class has this very name already; correct that one, or say in the reason why this is "
    "another.",
    "En post af samme klasse har allerede netop dette navn; ret den, eller skriv i begrundelsen, hvorfor dette er en "
    "anden.",
)  # fmt: skip
SAME_WORK = Rule(
    "duplicate-work", "warning",
    "Records with the same use case at the same organisation are there already; correct one of them, or say in the "
    "reason why this is another.",
    "Der er allerede poster med samme brugsscenarie hos samme organisation; ret en af dem, eller skriv i begrundelsen, "
    "hvorfor dette er en anden.",
)  # fmt: skip
SAME_PLACE = Rule(
    "duplicate-place", "info",
    "Records with the same use case in the same place are there already; look whether one of them is this.",
    "Der er allerede poster med samme brugsscenarie på samme sted; se efter, om en af dem er denne.",
)  # fmt: skip
LIKE_NAME = Rule(
    "duplicate-similar", "warning",
    "A record of the same class has a name much like this; correct that one, or say in the reason why this is another.",
    "En post af samme klasse har et navn, der ligner; ret den, eller skriv i begrundelsen, hvorfor dette er en anden.",
)  # fmt: skip
NOTHING_NEW = Rule(
    "nothing-new", "violation",
    "Everything in it is published already; there is nothing to submit.",
    "Alt i den er allerede udgivet; der er intet at indsende.",
)  # fmt: skip
STILL_POINTED_AT = Rule(
    "withdrawal-reference", "violation",
    "Records still point to it; name a successor, or correct them first.",
    "Poster peger stadig på den; angiv en efterfølger, eller ret dem først.",
)  # fmt: skip
