"""Write the folder for w3id.org from `template/` and `host.txt`; with --ask, see whether the host answers as it should.

python docs/w3id/fill.py [--values FILE] [--to FOLDER] [--ask]
"""

from __future__ import annotations

import argparse
import re
import sys
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACEHOLDER = ".example"
# What has to be there: a thing, a term, a concept, the catalogue and the endpoint.
PATHS = ("", "id/solution/s-0002", "def/Solution", "concept/technology", "catalog", "sparql")
SHAPES = {
    "host": (r"https://[A-Za-z0-9.-]+(:[0-9]+)?|http://127\.0\.0\.1:[0-9]+", "https and a host, without a path"),
    "repository": (r"https://[^\s@]+", "an https address"),
    "account": (r"[A-Za-z0-9][A-Za-z0-9-]*", "the name of an account, no e-mail address"),
}


def read_values(path: Path) -> dict[str, str]:
    """Return what the file says, as `name = value` on lines that are no comments."""
    lines = (line.partition("#")[0] if line.startswith("#") else line for line in path.read_text("utf-8").splitlines())
    return {name.strip(): value.strip() for name, sign, value in (line.partition("=") for line in lines) if sign}


def find_faults(values: dict[str, str]) -> list[str]:
    """Return what is still to be mended in the values."""
    faults = []
    for name, (pattern, wanted) in SHAPES.items():
        value = values.get(name, "")
        if PLACEHOLDER in value or value.endswith("-example"):
            faults.append(f"{name} is still the placeholder {value!r}.")
        elif not re.fullmatch(pattern, value):
            faults.append(f"{name} is {value!r}; it has to be {wanted}.")
    return faults


def fill(values: dict[str, str], folder: Path) -> None:
    """Write the files of the template with the values in their places."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted((HERE / "template").iterdir()):
        text = source.read_text("utf-8")
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        (folder / source.name).write_text(text, "utf-8")


def redirect(rules: str, path: str) -> str:
    """Return where the rules send a path below https://w3id.org/sundgraf/, "" where nowhere."""
    for pattern, target in re.findall(r"^RewriteRule (\S+) (\S+) \[R=302", rules, re.MULTILINE):
        if re.match(pattern, path):
            return str(target).replace("$1", path)
    return ""


def ask(rules: str) -> list[str]:
    """Return which of the addresses that have to be there do not answer."""
    faults = []
    for path in PATHS:
        target = redirect(rules, path)
        try:
            request = urllib.request.Request(target, headers={"Accept": "text/turtle, */*;q=0.1"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read(1)
        except (OSError, ValueError) as error:
            faults.append(f"{target or path} does not answer: {error}.")
    return faults


def main() -> int:
    """Fill the folder in; 1 where something is to be mended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=Path, default=HERE / "host.txt")
    parser.add_argument("--to", type=Path, default=HERE / "sundgraf")
    parser.add_argument("--ask", action="store_true", help="ask the host for what the redirects lead to")
    asked = parser.parse_args()
    values = read_values(asked.values)
    faults = find_faults(values)
    if not faults:
        fill(values, asked.to)
        if asked.ask:
            faults = ask((asked.to / ".htaccess").read_text("utf-8"))
    for fault in faults:
        print(f"fill: {fault}", file=sys.stderr)
    if not faults:
        print(f"{asked.to} is ready to be sent in.")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
