"""Take the README's pictures anew from a running service: python tests/take_pictures.py http://127.0.0.1:8000

Run it whenever what they show has changed, and look at them before they are committed.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

from browser import ROOT, started

_WIDTH = 1200  # pixels
_PICTURES = {  # name -> address, height in pixels, dark
    "home": ("/?lang=en", 1150, False),
    "record": ("/id/solution/s-0002?lang=en", 880, False),
    "catalogue": ("/catalogue?type=practice&country=pl-0000&lang=en", 800, False),
    "regions": ("/pictures/solution-by-region?lang=en", 850, True),
    "form": ("/submit/Project?lang=da", 1000, False),
}


def main() -> None:
    """Write docs/<name>.png for each picture."""
    url = sys.argv[1].rstrip("/")
    with tempfile.TemporaryDirectory() as profile, started(Path(profile)) as browser:
        for name, (path, height, dark) in _PICTURES.items():
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
            screen = {"width": _WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
            browser.get(url + path)
            browser.execute_script("document.documentElement.style.overflow = 'hidden'")  # no bar at the side
            taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
            (ROOT / "docs" / f"{name}.png").write_bytes(base64.b64decode(taken))


if __name__ == "__main__":
    main()
