"""A page in a real browser, judged by axe: what it objects to, and whether the page is wider than the screen."""

import importlib.util
import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

from tests.conftest import missing
from tests.support.servers import run

INSTALL = "needs a browser and axe: apt-get install -y --no-install-recommends chromium; pip install -e '.[test]'"
_FOUND = re.compile(r'<pre id="found">(.*?)</pre>', re.DOTALL)
_ASK = """axe.run().then(found => {
  const said = document.createElement("pre");
  said.id = "found";
  said.textContent = JSON.stringify({
    violations: found.violations.map(one => [one.id, one.nodes.map(node => node.html.slice(0, 200))]),
    passes: found.passes.length, width: innerWidth, needed: document.documentElement.scrollWidth
  });
  document.body.append(said);
});"""


def judged(html: str, width: int, folder: Path, *, dark: bool = False) -> dict[str, Any]:
    """
    Show a page in Chromium, in a window of that many pixels, and let axe look at it.

    Returns:
        `violations`, each with its id and where; how many rules had something to `passes`; the `width` of the screen, and what
        the page `needed`.
    """
    chromium, axe = shutil.which("chromium"), importlib.util.find_spec("axe_core_python")
    if chromium is None or axe is None or axe.origin is None:
        missing(INSTALL)
    scripts = [(Path(axe.origin).parent / "axe.min.js").read_text().replace("</script", r"<\/script"), _ASK]
    place = folder / "page.html"
    place.write_text(html.replace("</body>", "".join(f"<script>{one}</script>" for one in scripts) + "</body>"))
    done = run(
        [
            *(
                str(chromium),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                f"--user-data-dir={folder / 'profile'}",
            ),
            *(["--blink-settings=preferredColorScheme=0"] if dark else []),
            *(f"--window-size={width},2000", "--virtual-time-budget=30000", "--dump-dom", f"file://{place}"),
        ]
    )
    told = _FOUND.search(done.stdout)
    assert told is not None, done.stderr[-500:]
    found: dict[str, Any] = json.loads(unescape(told[1]))
    return found
