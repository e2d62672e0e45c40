#!/usr/bin/env python3
"""Writes tests/reference/describe.json: an answer of each Describe call that the proof of the live model reads, with
every member filled that SageMaker's model in botocore has: `make models`.

A member that AWS adds is in them as soon as the botocore of requirements.txt is a newer one.
"""
import json
import pathlib

import botocore
from botocore.session import Session

TARGET = pathlib.Path(__file__).resolve().parent.parent / "tests" / "reference" / "describe.json"
OPERATIONS = ("DescribeModelPackage", "DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel",
              "DescribeInferenceComponent")
# A Unix time with a fraction, as the service sends it.
TIME = 1795946400.25
# More of a list or of nested structures would say nothing new.
ITEMS, DEPTH = 2, 12
GROUP = "arn:aws:sagemaker:eu-central-1:111122223333:model-package-group/churn"
ACCOUNT = "arn:aws:sagemaker:eu-central-1:222233334444:"
# What is read as more than a text.
TEXTS = {
    "DescribeModelPackage.ModelPackageArn": GROUP.replace("-group", "") + "/2",
    "DescribeModelPackage.ModelPackageGroupName": "churn",
    "DescribeModelPackage.ModelPackageStatus": "Completed",
    "DescribeEndpoint.EndpointArn": ACCOUNT + "endpoint/churn-staging",
    "DescribeEndpoint.EndpointName": "churn-staging",
    "DescribeEndpoint.EndpointConfigName": "config",
    "DescribeEndpoint.EndpointStatus": "InService",
    "DescribeEndpointConfig.EndpointConfigArn": ACCOUNT + "endpoint-config/config",
    "DescribeEndpointConfig.EndpointConfigName": "config",
    "DescribeModel.ModelArn": ACCOUNT + "model/model",
    "DescribeInferenceComponent.InferenceComponentArn": ACCOUNT + "inference-component/component",
    "DescribeInferenceComponent.InferenceComponentName": "component",
    "DescribeInferenceComponent.InferenceComponentStatus": "InService",
    "DescribeInferenceComponent.EndpointArn": ACCOUNT + "endpoint/churn-staging",
    "DescribeInferenceComponent.EndpointName": "churn-staging",
}


class Filler:
    """Values for an operation's output; each text is told apart from every other one by its number."""

    def __init__(self, shapes, operation):
        self.shapes, self.operation, self.number = shapes, operation, 0

    def value(self, shape, path):
        definition = self.shapes[shape]
        kind = definition["type"]
        if kind == "structure":
            members = definition["members"].items() if len(path) < DEPTH else ()
            return {name: self.value(member["shape"], (*path, name)) for name, member in members}
        if kind == "list":
            items = min(ITEMS, definition.get("max", ITEMS))
            return [self.value(definition["member"]["shape"], path) for _ in range(items)]
        if kind == "map":
            return {self.text(path): self.value(definition["value"]["shape"], path)}
        if kind == "timestamp":
            return TIME
        if kind == "boolean":
            return True
        if kind in ("integer", "long"):
            return max(definition.get("min", 1), 1)
        if kind in ("float", "double"):
            return 0.5
        if kind == "string":
            return self.known(path) or (definition["enum"][0] if "enum" in definition else self.text(path))
        raise SystemExit(f"{self.operation}: nothing to fill {kind} {shape} with")

    def known(self, path):
        return TEXTS.get(f"{self.operation}.{'.'.join(path)}")

    def text(self, path):
        self.number += 1
        return f"{path[-1]}-{self.number}"


def main():
    model = Session().get_component("data_loader").load_service_model("sagemaker", "service-2")
    filled = {}
    for operation in OPERATIONS:
        output = model["operations"][operation]["output"]["shape"]
        filled[operation] = Filler(model["shapes"], operation).value(output, ())
    answers = {"source": f"botocore {botocore.__version__}", "answers": filled}
    TARGET.write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main()
