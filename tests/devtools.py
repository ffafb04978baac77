"""A page in Debian's chromium, driven by its DevTools protocol over pipes: keys, pointers, pictures, requests."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import BROWSERS
from tools import find

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-ipc-flooding-protection",  # which takes no more than 200 links in 10 seconds
    "--remote-debugging-pipe",
)


class Tab:
    """One page in a browser.

    Attributes:
        said: what it wrote on its console, warnings and errors, and exceptions.
        asked: the addresses that it asked for.
    """

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._left, self._last = to, back, b"", 0
        self._session: str | None = None
        self.said: list[str] = []
        self.asked: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something, and wait for the answer."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            found = self._next()
            if found.get("id") == self._last:
                assert "error" not in found, f"{method}: {found['error']}"
                return found["result"]
            self._note(found)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            more = os.read(self._back, 1 << 20)
            assert more, "the browser ended"
            self._left += more
        message, _, self._left = self._left.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        match event.get("method"), event.get("params"):
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                self.said.append(details.get("exception", {}).get("description", details["text"]))
            case "Runtime.consoleAPICalled", {"type": "error" | "warning", "args": values}:
                self.said.append(" ".join(str(x.get("value", x.get("description"))) for x in values))
            case "Log.entryAdded", {"entry": {"text": text}}:
                self.said.append(text)
            case "Network.requestWillBeSent", {"request": {"url": url}} if not url.startswith("data:"):
                self.asked.append(url)

    def open(self, address: str, width: int, height: int = 900, **media: str) -> None:
        """Open a page in a window of that size, with media features such as ``prefers-color-scheme``."""
        phone = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; of a promise what it comes to."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"still not: {condition}; {self.said}"
            time.sleep(0.02)

    def frames(self, count: int = 2) -> None:
        """Wait until so many frames are drawn."""
        step = "n => n ? new Promise(requestAnimationFrame).then(() => f(n - 1)) : 0"
        self.evaluate(f"(() => {{ const f = {step}; return f({count}); }})()")

    def key(self, key: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=_KEYS.get(key, 0))

    def write(self, words: str) -> None:
        """Write into what has the focus."""
        self.call("Input.insertText", text=words)

    def drag(self, begin: tuple[float, float], end: tuple[float, float], steps: int = 5) -> None:
        """Press the mouse at a place, move it to another, let go."""
        mouse = {"button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type="mousePressed", x=begin[0], y=begin[1], **mouse)
        for i in range(1, steps + 1):
            x, y = (a + (b - a) * i / steps for a, b in zip(begin, end, strict=True))
            self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, buttons=1, **mouse)
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=end[0], y=end[1], **mouse)

    def picture(self, path: Path, whole: bool = False) -> None:
        """Write what is seen, or the whole page, as PNG."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))


_KEYS = {"Tab": 9, "Enter": 13, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, " ": 32}


@contextmanager
def tab(folder: Path) -> Generator[Tab]:
    """A page in a browser that keeps what it keeps in a folder. Without a browser the test is skipped."""
    browser = find(*BROWSERS)
    to_browser, from_browser = os.pipe(), os.pipe()

    def wire() -> None:
        # The browser reads what it is asked at descriptor 3 and answers at 4; both ends may be anywhere now.
        read, write = os.dup(to_browser[0]), os.dup(from_browser[1])
        os.dup2(read, 3)
        os.dup2(write, 4)

    with (folder / "chromium.log").open("wb") as log:
        running = subprocess.Popen(
            [browser, *_OPTIONS, f"--user-data-dir={folder / 'profile'}"],
            preexec_fn=wire,  # noqa: PLW1509  # it only moves descriptors, and no thread of ours holds a lock of them
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    os.close(to_browser[0])
    os.close(from_browser[1])
    try:
        yield Tab(to_browser[1], from_browser[0])
    finally:
        running.terminate()
        running.wait(30)
        os.close(to_browser[1])
        os.close(from_browser[0])
