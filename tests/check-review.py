#!/usr/bin/env python3
"""Hold `modeldeploy check` to the linters over templates that others wrote: tests/check-review.py BINARY FOLDER...

Each FOLDER is a copy of one repository. Every file in it that declares a model, an endpoint, a config of one or an inference
component is checked as the template of one stage, whose parameters get values that fit their names, and given to cfn-lint
and to cloudformation-validate. Printed are all errors, by file and line; then how often each was found, and by which tool.
"""

import collections
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml
from cloudformation_validate import CompositeEngine, Severity, ValidateConfig

KIND = re.compile(r"""["']?Type["']?\s*:\s*["']?AWS::SageMaker::(Endpoint|EndpointConfig|Model|InferenceComponent)["'\s,]""")
NAMES = re.compile(r"\.(ya?ml|json|template)$")
STAGE = "review"
# What the build gives, so that no config may
GIVEN = {"ModelPackageName", "ModelPackageGroupName", "ModelPackageVersion", "ModelApprovalDescription", "SageMakerProjectName", "SageMakerProjectId"}
# By a part of the parameter's name, the first that fits
VALUES = {
    "instancetype": "ml.m5.large", "memory": "2048", "subnet": "subnet-0123456789abcdef0", "securitygroup": "sg-0123456789abcdef0",
    "role": "arn:aws:iam::111122223333:role/execution", "kms": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/image:1", "capture": "s3://a-bucket/capture/", "bucket": "a-bucket",
    "data": "s3://a-bucket/model/model.tar.gz", "s3": "s3://a-bucket/model/", "uri": "s3://a-bucket/model/", "url": "s3://a-bucket/model/",
    "count": "1", "size": "1", "weight": "1", "concurrency": "1", "arn": "arn:aws:sagemaker:us-east-1:111122223333:model-package/group/1",
}


class Loose(yaml.SafeLoader):
    """YAML whose tags say nothing."""


def untagged(loader: Loose, _tag: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    make = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return make(node, deep=True)


Loose.add_multi_constructor("!", untagged)


def value(name: str, declared: dict) -> str:
    if declared.get("AllowedValues"):
        return str(declared["AllowedValues"][0])
    if declared.get("Type") == "Number":
        return str(declared.get("MinValue", 2048 if "memory" in name.lower() else 1))
    known = (fits for part, fits in VALUES.items() if part in name.lower().replace("_", ""))
    return STAGE if name == "StageName" else next(known, "value")


def config(text: str) -> dict:
    try:
        declared = yaml.load(text, Loose).get("Parameters") or {}
    except (AttributeError, yaml.YAMLError):
        declared = {}
    missing = {name: one for name, one in declared.items() if "Default" not in one and name not in GIVEN}
    return {"StageName": STAGE, **{name: value(name, one) for name, one in missing.items()}}


def ours(binary: str, folder: Path, template: Path, text: str) -> list:
    written = folder / f"{STAGE}-config.json"
    written.write_text(json.dumps({"Parameters": config(text)}))
    variables = {name: one for name, one in os.environ.items() if not name.startswith(("AWS", "MODELDEPLOY", "SAGEMAKER"))}
    command = [binary, "check", "--input-dir", str(folder), "--template", str(template.relative_to(folder))]
    command += ["--stages", STAGE, "--export-format", "cloudformation", "--format", "json"]
    findings = json.loads(subprocess.run(command, capture_output=True, text=True, env=variables, check=False).stdout)["findings"]
    written.unlink()
    return [(one["line"] or 1, one["rule"], one["message"]) for one in findings if one["severity"] == "error"]


def main(binary: str, folders: list[str]) -> int:
    engine, counts, templates, wrong = CompositeEngine(), collections.Counter(), 0, 0
    for folder in map(Path, folders):
        for path in sorted(one for one in folder.rglob("*") if NAMES.search(one.name) and one.is_file()):
            text = path.read_text("utf-8", "replace")
            if not KIND.search(text) or not re.search(r"""Resources["']?\s*:""", text):
                continue
            templates += 1
            found = [("modeldeploy", *one) for one in ours(binary, folder, path, text)]
            wrong += bool(found)
            command = [Path(sys.executable).parent / "cfn-lint", "--format", "json", "-t", path]
            listed = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout or "[]")
            errors = [one for one in listed if one["Level"] == "Error"]
            found += [("cfn-lint", one["Location"]["Start"]["LineNumber"], one["Rule"]["Id"], one["Message"]) for one in errors]
            report = engine.validate_template(str(path), ValidateConfig(severity_level=Severity.ERROR))
            found += [("cloudformation-validate", one.start_line or 1, one.rule_id, one.message) for one in report.diagnostics]
            for tool, line, rule, message in sorted(found, key=lambda one: one[1]):
                print(f"{folder.name}/{path.relative_to(folder)}:{line}: {tool} {rule}: {message[:160]}")
                counts[tool, rule] += 1
    print(f"\n{templates} templates; modeldeploy has errors in {wrong}")
    for (tool, rule), count in sorted(counts.items()):
        print(f"{count:5}  {tool} {rule}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
