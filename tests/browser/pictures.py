#!/usr/bin/env python3
"""Makes the pictures of reports that the guides show: docs/images/*.webp.

Each is the page of a real run: the example's own server, its cases, and what came of them.
"""

import base64
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import chromium

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ROOT / "docs" / "images"
WIDTH = 960
# Sharp on a screen of high density, and still small.
SCALE, QUALITY = 1.5, 70
# What is below that is more of the same.
MOST_HEIGHT = 1_500
# The server with its flags, the suite, and the case that is shown.
PICTURES = {
    "language-model": (
        ["chat/serve.py", "--first-token", "0.2", "--inter-token", "0.02"],
        "chat/cases.yml",
        "ten conversations a second",
    ),
    "captured-traffic": (["iris/serve.py"], "captured/cases.yml", "yesterday's traffic"),
}
SECTION = """(() => {
    const heading = [...document.querySelectorAll("section.case h3")].find(h => h.textContent.startsWith(%s));
    const {top, height} = heading.closest("section").getBoundingClientRect();
    return {top: top + scrollY, height};
})()"""


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: pictures.py MODELDEPLOY CHROMIUM_FOLDER", file=sys.stderr)
        return 2
    binary = Path(sys.argv[1]).resolve()
    browser = chromium.find(Path(sys.argv[2]).resolve())
    if not browser:
        print("error: no Chromium is found, and none can be had from Debian's packages", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium.Chromium(*browser) as page:
        for name, (server, suite, case) in PICTURES.items():
            html = Path(folder) / f"{name}.html"
            run(binary, server, ROOT / "examples" / suite, html)
            picture = take(page, html, case)
            (IMAGES / f"{name}.webp").write_bytes(picture)
            print(f"docs/images/{name}.webp: {len(picture)} bytes")
    return 0


def run(binary: Path, server: list[str], suite: Path, html: Path) -> None:
    script, *flags = server
    command = [sys.executable, ROOT / "examples" / script, "--port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://[\d.]+:\d+", process.stdout.readline())[0]
        command = [binary, "test", "--model-url", url, "--cases", suite, "--html", html]
        subprocess.run([*command, "--files-within", ROOT], cwd=html.parent, check=True)
    finally:
        process.terminate()
        process.wait()


def take(page: chromium.Chromium, html: Path, case: str) -> bytes:
    page.call("Emulation.setEmulatedMedia", media="screen", features=[{"name": "prefers-color-scheme", "value": "light"}])
    page.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=900, deviceScaleFactor=SCALE, mobile=False)
    page.open(html.as_uri())
    place = page.evaluate(SECTION % json.dumps(case))
    clip = {"x": 0, "y": place["top"], "width": WIDTH, "height": min(place["height"], MOST_HEIGHT), "scale": 1}
    form = {"format": "webp", "quality": QUALITY}
    data = page.call("Page.captureScreenshot", **form, captureBeyondViewport=True, clip=clip)["data"]
    return base64.b64decode(data)


if __name__ == "__main__":
    sys.exit(main())
