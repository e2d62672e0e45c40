#!/usr/bin/env python3
"""Writes capture files as SageMaker's data capture does, of what a slightly older iris model was asked and answered.

The model is examples/iris/model.json with another intercept, so that a comparison has something to find. Three bodies of
four are CSV, the fourth is JSON; each tenth record is in Base64, as of content types that a capture config does not name.
The same bytes come out every time; --check exits 1 if they would not.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
import sys
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "examples" / "iris"))

import serve  # noqa: E402

ENDPOINT = HERE / "iris-prod" / "AllTraffic"
FIRST = datetime(2026, 11, 28, 8, 40, tzinfo=timezone.utc)
BETWEEN = timedelta(seconds=40)


def older_model() -> serve.Model:
    document = json.loads((ROOT / "examples" / "iris" / "model.json").read_text(encoding="utf-8"))
    document["intercepts"] = [value + nudge for value, nudge in zip(document["intercepts"], (0.0, -0.5, 0.4))]
    return serve.Model(document)


def part(mode: str, content_type: str, body: bytes, in_base64: bool) -> dict:
    text = base64.b64encode(body).decode() if in_base64 else body.decode()
    encoding = "BASE64" if in_base64 else "JSON" if content_type == serve.JSON else "CSV"
    return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}


def files() -> dict[Path, str]:
    model = older_model()
    with (ROOT / "test" / "holdout.csv").open(encoding="utf-8", newline="") as file:
        rows = [row[:4] for row in list(csv.reader(file))[1:]]
    lines: dict[Path, list[str]] = {}
    for number, row in enumerate(rows):
        at = FIRST + number * BETWEEN
        in_json = number % 4 == 3
        content_type = serve.JSON if in_json else serve.CSV
        body = json.dumps({"instances": [[float(cell) for cell in row]]}) if in_json else ",".join(row) + "\n"
        answer = serve.answer(model, content_type, serve.JSON, body.encode())
        in_base64 = number % 10 == 9
        record = {
            "captureData": {
                "endpointInput": part("INPUT", content_type, body.encode(), in_base64),
                "endpointOutput": part("OUTPUT", answer.content_type, answer.body, in_base64),
            },
            "eventMetadata": {
                "eventId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"record {number}")),
                "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            },
            "eventVersion": "0",
        }
        place = ENDPOINT / f"{at:%Y/%m/%d/%H}" / f"{at:%M}-00-000-00000000-0000-0000-0000-{at:%Y%m%d%H}00.jsonl"
        # One file an hour is enough for an example.
        place = next((known for known in lines if known.parent == place.parent), place)
        lines.setdefault(place, []).append(json.dumps(record, separators=(",", ":")))
    return {place: "".join(line + "\n" for line in of_file) for place, of_file in lines.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the files would change")
    arguments = parser.parse_args()
    changed = False
    for place, text in files().items():
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            changed = True
            print(f"{place.relative_to(ROOT)} {'differs' if arguments.check else 'written'}")
            if not arguments.check:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
    sys.exit(1 if changed and arguments.check else 0)


if __name__ == "__main__":
    main()
