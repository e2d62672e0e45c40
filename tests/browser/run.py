#!/usr/bin/env python3
"""Shows example pages in a real browser and fails on whatever is wrong with them there.

Screenshots and PDFs of all pages are left in the folder given, for a person to look at.
"""

import base64
import subprocess
import sys
from pathlib import Path

import chromium
import examples

HERE = Path(__file__).parent
INSPECT = (HERE / "inspect.js").read_text(encoding="utf-8")
WIDTHS = [320, 360, 768, 1280]
# Of a page as long as that of hundreds of accounts, nobody looks at more.
HEIGHT_KEPT = 12_000


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: run.py MODELDEPLOY FOLDER", file=sys.stderr)
        return 2
    binary, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    browser = chromium.find(folder.with_name("chromium"))
    if not browser:
        print("error: no Chromium is found, and none can be had from Debian's packages", file=sys.stderr)
        print("hint: install one (Debian: the package chromium), or name one with CHROMIUM=", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    complaints = []
    with chromium.Chromium(*browser) as page:
        for name, results in examples.write(folder).items():
            output = folder / f"{name}.html"
            subprocess.run([binary, "--quiet", "report", *results, "--output", output], check=True)
            found = inspect(page, output)
            print(f"{'FAIL' if found else 'ok  '} {name}")
            complaints += [f"{name}, {complaint}" for complaint in found]
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


def inspect(page: chromium.Chromium, output: Path) -> list[str]:
    """Everything that is wrong with a page, at every width, in both schemes and on paper."""
    complaints = []
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            media(page, "screen", scheme)
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            page.call("Emulation.setDeviceMetricsOverride", **size)
            page.open(output.as_uri())
            # Once as it opens, once with everything unfolded.
            for state, prepare in (("folded", ""), ("open", "document.querySelectorAll('details').forEach(d => d.open = true);")):
                found = page.evaluate(f"{prepare}{INSPECT}")
                complaints += [f"{scheme}, {width} px, {state}: {one}" for one in found]
                if state == "folded":
                    picture(page, output.with_suffix(f".{scheme}.{width}.png"), width)
            complaints += [f"{scheme}, {width} px: {one}" for one in overheard(page, output)]
    media(page, "print", "dark")
    page.call("Emulation.setDeviceMetricsOverride", width=794, height=1123, deviceScaleFactor=1, mobile=False)
    page.open(output.as_uri())
    complaints += [f"print: {one}" for one in page.evaluate(INSPECT)]
    media(page, "", "dark")
    pdf = page.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"]
    output.with_suffix(".pdf").write_bytes(base64.b64decode(pdf))
    return complaints


def media(page: chromium.Chromium, kind: str, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.call("Emulation.setEmulatedMedia", media=kind, features=features)


def picture(page: chromium.Chromium, path: Path, width: int) -> None:
    height = min(page.evaluate("document.documentElement.scrollHeight"), HEIGHT_KEPT)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    data = page.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
    path.write_bytes(base64.b64decode(data))


def overheard(page: chromium.Chromium, output: Path) -> list[str]:
    """What the page said, and what it asked the network for, since it was opened."""
    complaints = []
    for event in page.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if url != output.as_uri() and not url.startswith("data:"):
                complaints.append(f"asked for {url}")
        elif method == "Runtime.consoleAPICalled":
            complaints.append(f"console: {params['args']}")
        elif method == "Runtime.exceptionThrown":
            complaints.append(f"exception: {params['exceptionDetails']['text']}")
        elif method == "Log.entryAdded":
            complaints.append(f"{params['entry']['level']}: {params['entry']['text']}")
    return complaints


if __name__ == "__main__":
    sys.exit(main())
