#!/usr/bin/env bash
# The SageMaker inference toolkit takes a Content-Type for another one where it has a parameter or capital letters, which name
# the same type (RFC 9110, section 8.3.1): "application/json; charset=utf-8" is an UnsupportedFormatError, which its
# transformer answers with 500 as if the model had failed, not with 415.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check sagemaker-inference==1.10.1 numpy==2.4.6 2>/dev/null
"$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from sagemaker_inference import decoder, errors, utils

print("sagemaker-inference", version("sagemaker-inference"))
seen = []
for name in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
    taken = utils.retrieve_content_type_header({"Content-Type": name})
    try:
        seen.append(str(decoder.decode("[[5.1, 3.5]]", taken)))
    except errors.UnsupportedFormatError as error:
        seen.append(type(error).__name__)
    print(f"{name}: {seen[-1]}")
status = issubclass(errors.UnsupportedFormatError, errors.BaseInferenceToolkitError)
print("the error has a status of its own:", status)
raise SystemExit(seen != ["[[5.1 3.5]]", "UnsupportedFormatError", "UnsupportedFormatError"] or status)
PYTHON
