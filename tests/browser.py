"""A page in Debian's chromium: what it measures, at a phone's or a desk's width."""

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

from tools import find

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

_MEASURE = """<script>
const messages = [];
addEventListener("error", event => messages.push(String(event.message)), true);
function measured() { %s }
addEventListener("load", () => {
  const found = {
    width: document.documentElement.clientWidth,
    scroll: document.documentElement.scrollWidth,
    requests: performance.getEntriesByType("resource").map(entry => entry.name),
    messages,
    ...measured(),
  };
  document.body.setAttribute("data-found", JSON.stringify(found));
});
</script>"""

_COPY = """<script>addEventListener("load", () => {
  const found = document.querySelector("iframe").contentDocument.body.getAttribute("data-found");
  document.body.setAttribute("data-found", found);
});</script>"""


def look(page: str, script: str, width: int, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """What a browser makes of a page so many pixels wide, and the lines of its console.

    Without a browser the test is skipped. Beside what the JavaScript returns: ``width`` and ``scroll`` (how wide the
    page is), ``requests`` and ``messages`` (errors).
    """
    browser = find(*BROWSERS)
    (folder / "measured.html").write_text(page.replace("<head>", f"<head>{_MEASURE % script}"), "utf-8")
    # A headless window is never narrower than 500 pixels; a frame is.
    frame = f'<iframe src="measured.html" style="width:{width}px;height:2000px;border:0"></iframe>'
    (folder / "frame.html").write_text(f"<!DOCTYPE html><body>{frame}{_COPY}</body>", "utf-8")
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--allow-file-access-from-files",
        "--enable-logging=stderr",
        "--dump-dom",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1400,2200",
        "--virtual-time-budget=20000",
    ]
    done = subprocess.run(
        [browser, *options, (folder / "frame.html").as_uri()], capture_output=True, timeout=120, check=True
    )
    said = done.stderr.decode(errors="replace")
    found = re.search(r'data-found="([^"]*)"', done.stdout.decode())
    assert found, said[-2000:]
    return json.loads(unescape(found[1])), [line for line in said.splitlines() if "CONSOLE" in line]
