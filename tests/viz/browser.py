"""A headless Chromium driven through chromedriver's own protocol (W3C WebDriver), with the standard library alone."""

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

FLAGS = (
    "--headless", "--no-sandbox", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-device-scale-factor=1",
)  # fmt: skip
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def missing():
    """Why there is no browser here, or nothing."""
    absent = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"{' and '.join(absent)} not installed" if absent else ""


class Browser:
    """One window; use as a context manager.

    Parameters
    ----------
    width, height : int
        Size of what the page sees, pixels.
    language : str
        What the browser asks pages for, such as "en-US" or "zh-CN".
    """

    def __init__(self, width=1280, height=900, language="en-US"):
        self.size, self.language = (width, height), language

    def __enter__(self):
        self.home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.driver = subprocess.Popen(
            [shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            for line in self.driver.stdout:
                if found := re.search(r"started successfully on port (\d+)", line):
                    self.url = f"http://127.0.0.1:{found[1]}"
                    break
            flags = [*FLAGS, f"--user-data-dir={self.home.name}", f"--lang={self.language}"]
            options = {
                "binary": shutil.which("chromium"), "args": flags,
                "prefs": {"intl.accept_languages": self.language, "intl.selected_languages": self.language},
            }  # fmt: skip
            wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                      "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}  # fmt: skip
            answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self.url += f"/session/{answer['sessionId']}"
            self.resize(*self.size)
            still = {"name": "prefers-reduced-motion", "value": "reduce"}  # a page that glides is photographed askew
            self.devtools("Emulation.setEmulatedMedia", {"features": [still]})
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if "/session/" in getattr(self, "url", ""):
                self._ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            self.driver.stdout.close()
            self.home.cleanup()

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, data=json.dumps(body or {}).encode())
        if method in ("GET", "DELETE"):
            request.data = None
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(json.load(error)["value"]["message"]) from None

    def resize(self, width, height):
        """Give the page this many pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)

    def devtools(self, command, params):
        """One command of the DevTools protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def open(self, path):
        """Load a file of the disk and wait until it says that it is ready; what was logged before is dropped."""
        self._ask("POST", "/url", {"url": "about:blank"})
        self.requests(), self.complaints()
        self._ask("POST", "/url", {"url": Path(path).resolve().as_uri()})
        self.wait("return document.body.dataset.ready === 'yes'")

    def run(self, script, *args):
        """What a script returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, script, seconds=30.0):
        """Run a script until what it returns is true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            if time.monotonic() > end:
                raise AssertionError(f"after {seconds} s the page had not reached: {script}")
            time.sleep(0.05)

    def find(self, css):
        """Handle of the first element that fits."""
        return self._ask("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def show(self, css):
        """Bring an element to the middle of the window."""
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'})", css)

    def click(self, css):
        """Press an element."""
        self.show(css)
        self._ask("POST", f"/element/{self.find(css)}/click")

    def drag(self, css, start, end, steps=6):
        """Press the pointer on an element at `start` (x, y) pixels from its middle, move to `end`, let go."""
        self.show(css)
        origin = {ELEMENT: self.find(css)}
        path = [(start[0] + (end[0] - start[0]) * k / steps, start[1] + (end[1] - start[1]) * k / steps)
                for k in range(1, steps + 1)] if start != end else []  # fmt: skip

        def move(x, y):
            return {"type": "pointerMove", "duration": 20, "origin": origin, "x": round(x), "y": round(y)}

        actions = [move(*start), {"type": "pointerDown", "button": 0}, *(move(x, y) for x, y in path),
                   {"type": "pointerUp", "button": 0}]  # fmt: skip
        pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self._ask("POST", "/actions", {"actions": [pointer]})

    def keys(self, text):
        """Type into whatever has the focus."""
        actions = [
            step for key in text for step in ({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})
        ]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def picture(self, path=None, *, css=None, whole=False):
        """PNG bytes of the window, of one element, or of the whole page; written to `path` where given."""
        if css:
            self.show(css)
            raw = self._ask("GET", f"/element/{self.find(css)}/screenshot")
        elif whole:
            raw = self.devtools("Page.captureScreenshot", {"captureBeyondViewport": True})["data"]
            size = self.devtools("Page.getLayoutMetrics", {})["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            raw = self.devtools("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})["data"]
        else:
            raw = self._ask("GET", "/screenshot")
        image = base64.b64decode(raw)
        if path:
            Path(path).write_bytes(image)
        return image

    def complaints(self):
        """Texts of warnings and errors that the console holds."""
        entries = self._ask("POST", "/se/log", {"type": "browser"})
        texts = [one["message"] for one in entries if one["level"] in ("SEVERE", "WARNING")]
        return [text for text in texts if "GL Driver Message" not in text]  # a remark on taking screenshots

    def requests(self):
        """Addresses that the pages asked for since the last call."""
        entries = self._ask("POST", "/se/log", {"type": "performance"})
        events = [json.loads(one["message"])["message"] for one in entries]
        return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
