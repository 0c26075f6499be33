#!/usr/bin/env python3
"""page_chromium.py FILE.html [--shots FOLDER]: opens a page in headless Chromium and judges it.

Fails (exit 1) on any console message of level warning or error, any uncaught exception, any request that leaves the file, and any
horizontal overflow at 360 and 1400 pixels' width, in light and dark, any link within the page that leads nowhere, or where printing gives no PDF. With --shots, screenshots and the PDF are
kept in FOLDER. Exit 77 (skipped) where no Chromium is installed (Debian package: chromium). Python's standard library only: the
DevTools protocol through a pipe.
"""

import argparse
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
]

# The elements that reach past the right edge outside any box that scrolls by itself.
OVERFLOW = """(() => {
  const wide = document.documentElement.clientWidth;
  const found = [];
  for (const e of document.body.querySelectorAll('*')) {
    let scrolls = false;
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) scrolls = true;
    const box = e.getBoundingClientRect();
    if (!scrolls && !e.closest('svg *') && box.width > 0 && (box.right > wide + 0.5 || box.left < -0.5))
      found.push(e.tagName + (e.className.baseVal ?? e.className ? '.' + (e.className.baseVal ?? e.className) : '') + ' ' + Math.round(box.right));
  }
  return {width: wide, scroll: document.documentElement.scrollWidth, found: found.slice(0, 5)};
})()"""

# Text of plots cut off by the picture's edge, and pictures that did not load.
BROKEN = """(() => {
  const found = [];
  for (const t of document.querySelectorAll('svg text')) {
    const box = t.getBoundingClientRect(), all = t.ownerSVGElement.getBoundingClientRect();
    if (box.left < all.left - 1 || box.right > all.right + 1 || box.bottom > all.bottom + 1 || box.top < all.top - 1)
      found.push('text cut off: ' + t.textContent);
  }
  for (const i of document.images) if (!i.complete || i.naturalWidth === 0) found.push('picture not loaded: ' + i.alt);
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of new Set(ids)) if (ids.filter(x => x === id).length > 1) found.push('id used twice: ' + id);
  for (const a of document.querySelectorAll('a[href^="#"]'))
    if (a.hash.length > 1 && !ids.includes(decodeURIComponent(a.hash.slice(1)))) found.push('link to nothing: ' + a.hash);
  return found;
})()"""


class Browser:
    def __init__(self, program, profile):
        to_browser, self.out = os.pipe()
        self.input, from_browser = os.pipe()

        # The browser reads its commands from descriptor 3 and answers on 4; copies above both keep one from covering the other.
        high = [fcntl.fcntl(d, fcntl.F_DUPFD, 10) for d in (to_browser, from_browser)]

        def pipes():
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen([program, *FLAGS, f"--user-data-dir={profile}", "about:blank"], preexec_fn=pipes, close_fds=False,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for descriptor in (to_browser, from_browser, *high):
            os.close(descriptor)
        self.buffer, self.number, self.events, self.session = b"", 0, [], None

    def read(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.input], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("Chromium does not answer")
            more = os.read(self.input, 1 << 20)
            if not more:
                raise ConnectionError("Chromium ended early")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, timeout=60, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        deadline = time.monotonic() + timeout
        while True:
            message = self.read(deadline)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def wait(self, method, timeout=60):
        deadline = time.monotonic() + timeout
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self.read(deadline))

    def evaluate(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("text", "exception"))
        return result["result"]["value"]


def complaints(events, page):
    """What the browser's events say against the page."""
    for event in events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            yield "console: " + " ".join(str(a.get("value", a.get("description", ""))) for a in params["args"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            yield "exception: " + details.get("exception", {}).get("description", details["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            yield "console: " + params["entry"]["text"]
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith("data:") and url.split("#")[0] != page:
                yield "request to elsewhere: " + url[:200]


def judge(browser, file, shots):
    found = []
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        browser.call(domain + ".enable")
    url = file.resolve().as_uri()
    for width, height, scheme in ((360, 740, "light"), (1400, 900, "light"), (360, 740, "dark"), (1400, 900, "dark")):
        browser.events.clear()
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        browser.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])
        answer = browser.call("Page.navigate", url=url)
        if "errorText" in answer:
            return [answer["errorText"]]
        browser.wait("Page.loadEventFired")
        overflow = browser.evaluate(OVERFLOW)
        where = f"{width} px, {scheme}: "
        if overflow["scroll"] > overflow["width"] or overflow["found"]:
            found.append(f"{where}wider than the window ({overflow['scroll']} > {overflow['width']}): {', '.join(overflow['found'])}")
        found += [where + text for text in browser.evaluate(BROKEN)]
        found += [where + text for text in complaints(browser.events, url)]
        if shots:
            png = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
            (shots / f"{width}-{scheme}.png").write_bytes(base64.b64decode(png))
    browser.call("Emulation.clearDeviceMetricsOverride")
    pdf = base64.b64decode(browser.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])
    if not pdf.startswith(b"%PDF") or len(pdf) < 1000:
        found.append("printing gives no PDF")
    if shots:
        (shots / "print.pdf").write_bytes(pdf)
    return found


def installed():
    """Chromium's path, or None, having said so."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not program:
        print("skipped: Chromium is not installed (Debian package: chromium)")
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--shots", type=Path)
    parser.add_argument("--expect", action="append", default=[], metavar="TEXT",
                        help="for tests of this script: succeed if each TEXT is among the complaints")
    options = parser.parse_args()
    program = installed()
    if not program:
        return 77
    if not options.file.is_file():
        print(f"error: no file {options.file}", file=sys.stderr)
        return 1
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            found = judge(browser, options.file, options.shots)
        finally:
            browser.process.terminate()
            try:
                browser.process.wait(10)
            except subprocess.TimeoutExpired:
                browser.process.kill()
                browser.process.wait()
    for line in found:
        print(line)
    print(f"{options.file}: {'good' if not found else f'{len(found)} complaints'}")
    if options.expect:
        missed = [text for text in options.expect if not any(text in line for line in found)]
        for text in missed:
            print(f"not complained of: {text}")
        return 1 if missed else 0
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
