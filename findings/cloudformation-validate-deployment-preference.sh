#!/usr/bin/env bash
# cloudformation-validate runs a SAM translator of its own. It refuses a function whose DeploymentPreference is switched off
# and that has no AutoPublishAlias (E0001), as AWS's own samples have for hooks; AWS's translator takes it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  cloudformation-validate==1.14.0 aws-sam-translator==1.115.0 2>/dev/null
cat >"$work/template.json" <<'JSON'
{"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Hook": {"Type": "AWS::Serverless::Function", "Properties": {
  "Handler": "a.b", "Runtime": "python3.13", "CodeUri": "s3://bucket/key", "DeploymentPreference": {"Enabled": false}}}}}
JSON
cat >"$work/both.py" <<'PYTHON'
import json
import sys
from unittest.mock import Mock

from cloudformation_validate import CompositeEngine, Severity, ValidateConfig
from samtranslator.translator.transform import transform

report = CompositeEngine().validate_template(sys.argv[1], ValidateConfig(severity_level=Severity.ERROR))
said = [(one.rule_id, one.message) for one in report.diagnostics]
print("cloudformation-validate 1.14.0:", said)
made = transform(json.load(open(sys.argv[1])), {}, Mock(load=dict))
print("aws-sam-translator 1.115.0:", sorted(made["Resources"]))
sys.exit(not (len(said) == 1 and said[0][0] == "E0001" and "Hook" in made["Resources"]))
PYTHON
cd "$work"; AWS_DEFAULT_REGION=us-east-1 "$work/venv/bin/python" both.py template.json
