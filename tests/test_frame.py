"""The project's frame: what is in the repository, in the wheel and in the sdist, and the rules for modules."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def test_modules_have_at_most_300_lines():
    for path in (ROOT / "service").rglob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 300, path


def test_no_file_is_over_a_mebibyte():
    for path in tracked():
        assert path.stat().st_size <= 1 << 20, path


def test_no_file_names_a_registry_or_a_home():
    hosts = re.compile(
        "|".join([r"files\.python" + "hosted", r"py" + r"pi\.org", r"registry\.npm" + r"js", r"deb\.debian" + r"\.org"])
    )
    for path in tracked():
        if path.suffix in (".png", ".woff2"):
            continue
        text = path.read_text("utf-8", "replace")
        assert not hosts.search(text), path
        assert str(ROOT) not in text, path


def test_pins_have_hashes():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_sparql_is_never_formatted_from_strings():
    """Page queries and questions are files; no module holds a SELECT with a placeholder."""
    for path in (ROOT / "service").rglob("*.py"):
        assert not re.search(r'(?<!r)f"[^"]*\b(SELECT|CONSTRUCT|ASK)\b[^"]*\{', path.read_text("utf-8")), path


def test_wheel_and_sdist_carry_the_rooms(tmp_path):
    for kind in ("wheel", "sdist"):
        build = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(tmp_path)]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    for needed in (
        "ontology/core.ttl",
        "shapes/Solution.ttl",
        "queries/ask/solutions.rq",
        "data/ttl/catalogue/2024.ttl",
    ):
        assert f"sundgraf/rooms/{needed}" in names
    assert "sundgraf/http/templates/base.html" in names
    assert "sundgraf/http/static/style.css" in names
    editor = "http/static/vendor/editor.js"  # git-ignored, and carried where it was built
    assert (f"sundgraf/{editor}" in names) == (ROOT / "service/sundgraf" / editor).is_file()
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"ontology/core.ttl", "data/ttl/catalogue/2024.ttl", "tests/test_frame.py", "Makefile"} <= inside
