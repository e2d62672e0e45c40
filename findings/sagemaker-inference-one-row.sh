#!/usr/bin/env bash
# The SageMaker inference toolkit hands a model CSV of one row as a list of numbers, and of one cell as a bare number, where
# two rows are a table: a model that is tested with a batch fails with the first single row (scikit-learn: "Expected 2D array").
# JSON keeps its shape.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check sagemaker-inference==1.10.1 numpy==2.4.6 2>/dev/null
"$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from sagemaker_inference import decoder

print("sagemaker-inference", version("sagemaker-inference"))
bodies = [("text/csv", "5.1,3.5\n4.9,3.0\n"), ("text/csv", "5.1,3.5\n"), ("text/csv", "5.1\n"), ("application/json", "[[5.1, 3.5]]")]
shapes = [decoder.decode(body, content_type).shape for content_type, body in bodies]
for (content_type, body), shape in zip(bodies, shapes):
    print(f"{content_type} {body!r}: shape {shape}")
raise SystemExit(shapes != [(2, 2), (2,), (), (1, 2)])
PYTHON
