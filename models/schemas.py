"""Write down what AWS publishes of the resource types around an endpoint, as a table that `modeldeploy check` reads.

CloudFormation's registry schemas come with cfn-lint, the API models of the services with botocore: both from the wheels
that models/schemas-requirements.txt pins. The same wheels give the same bytes.
"""

import argparse
import fnmatch
import gzip
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

REGISTRY = "cfnlint/data/schemas"
# Each type with the call that makes it.
TYPES = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ("application-autoscaling", "RegisterScalableTarget"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("application-autoscaling", "PutScalingPolicy"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm"),
    "AWS::SageMaker::Endpoint": ("sagemaker", "CreateEndpoint"),
    "AWS::SageMaker::EndpointConfig": ("sagemaker", "CreateEndpointConfig"),
    "AWS::SageMaker::InferenceComponent": ("sagemaker", "CreateInferenceComponent"),
    "AWS::SageMaker::Model": ("sagemaker", "CreateModel"),
    "AWS::SageMaker::ModelPackage": ("sagemaker", "CreateModelPackage"),
    "AWS::SageMaker::ModelPackageGroup": ("sagemaker", "CreateModelPackageGroup"),
}
# SageMaker writes the one pattern of its names in many ways.
NAME_PATTERNS = {
    "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$",
    "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    "^[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?$",
    "^[a-zA-Z0-9](-*[a-zA-Z0-9])*$",
}
INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9]+")
# Longer lists of values are written once.
SHARED_FROM = 15


class Wheel:
    """The files of a package that are asked for, what they hold together, and when they were published."""

    def __init__(self, folder: Path, package: str):
        (path,) = folder.glob(f"{package}-*.whl")
        self.archive = zipfile.ZipFile(path)
        self.version = path.name.split("-")[1]
        year, month, day, *_ = self.archive.infolist()[0].date_time
        self.date = f"{year:04}-{month:02}-{day:02}"
        self.hash = hashlib.sha256()

    def read(self, name: str) -> bytes:
        content = self.archive.read(name)
        self.hash.update(content)
        return content

    def api(self, service: str) -> dict:
        names = fnmatch.filter(self.archive.namelist(), f"botocore/data/{service}/*/service-2.json.gz")
        return json.loads(gzip.decompress(self.read(max(names))))


def whole(pattern: str) -> str | None:
    """The pattern as one that the whole text must match: a schema's may match any part of it."""
    start, end = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    inner = pattern[start : len(pattern) - end]
    if not start and not end:
        plain = re.sub(r"\\p\{\w+\}", "a", inner)
        if re.fullmatch(plain, "") or inner in (r"[\s\S]+", r"[\S\s]+"):
            return None  # some part of any text does
    depth, alternatives, escaped = 0, False, False
    for any_ in inner:
        if escaped:
            escaped = False
            continue
        escaped = any_ == "\\"
        depth += (any_ in "([") - (any_ in ")]")
        alternatives |= any_ == "|" and depth == 0
    if alternatives and (start or end):
        raise SystemExit(f"error: {pattern} is anchored at some of its alternatives only")
    if not start or not end:
        inner = f"(?:{inner})" if alternatives else inner
    return ("" if start else r"[\s\S]*") + inner + ("" if end else r"[\s\S]*")


def narrower(least, most, api: dict) -> tuple:
    """What both the schema and the API take."""
    leasts = [one for one in (least, api.get("min")) if one is not None]
    mosts = [one for one in (most, api.get("max")) if one is not None]
    return max(leasts, default=None), min(mosts, default=None)


def span(least, most) -> str:
    least = "" if least in (None, 0) else least
    return "" if least == "" and most is None else f"{least}..{'' if most is None else most}"


def numbers(least, most) -> str:
    return "" if least is None and most is None else f"{'' if least is None else least}..{'' if most is None else most}"


class Table:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.shared: dict[tuple[str, ...], str] = {}

    def values(self, schema: dict, api: dict) -> str:
        """Values that are taken, with a mark at those that only the API takes."""
        registered, called = [str(one) for one in schema.get("enum", [])], api.get("enum", [])
        if not registered and not called:
            return ""
        if any(INSTANCE_TYPE.fullmatch(one) for one in [*registered, *called]):
            listed = sorted({*registered, *called})
        elif not registered:
            listed = sorted(called)
        else:
            listed = [*registered, *(f"+{one}" for one in sorted(called) if one not in registered)]
        if len(listed) < SHARED_FROM:
            return " =" + "|".join(listed)
        name = self.shared.setdefault(tuple(listed), str(len(self.shared) + 1))
        return f" =@{name}"


class Type:
    """One resource type: its schema, beside the shapes of its API."""

    def __init__(self, table: Table, name: str, schema: dict, model: dict, operation: str):
        self.table, self.name, self.schema, self.shapes = table, name, schema, model["shapes"]
        self.definitions: dict[str, tuple[dict, dict]] = {}
        self.of_api: set[str] = set()
        self.create_only, self.read_only = set(), set()
        for paths, marks in (("createOnlyProperties", self.create_only), ("readOnlyProperties", self.read_only)):
            for path in schema.get(paths, []):
                marks.add(self.owner_of(path.split("/")[2:]))
        shape = self.shapes[model["operations"][operation]["input"]["shape"]]
        self.table.lines.append(f"= {name}")
        self.write(schema, shape, "")
        done: set[str] = set()
        while open_ := sorted(set(self.definitions) - done):
            done.add(open_[0])
            self.table.lines.append(f"- {open_[0]}")
            self.write(*self.definitions[open_[0]], open_[0])
        while open_ := sorted(set(self.of_api) - done):
            done.add(open_[0])
            self.table.lines.append(f"- {open_[0]}")
            shape = self.shapes[open_[0]]
            for member, target in sorted(shape["members"].items()):
                kind = self.kind_of_api(target["shape"])
                flags = ("!" if member in shape.get("required", []) else "") + ("+" if kind == "a" else "")
                self.table.lines.append(f"{member}{flags} {kind}")

    def resolved(self, schema: dict, name: str) -> tuple[dict, str]:
        while "$ref" in schema:
            name = schema["$ref"].split("/")[-1]
            schema = self.schema["definitions"][name]
        return schema, name

    def owner_of(self, path: list[str]) -> tuple[str, str]:
        """The definition and the member of it that a path leads to."""
        schema, owner = self.schema, ""
        for step in path[:-1]:
            inner = schema["items"] if step == "*" else schema["properties"][step]
            schema, owner = self.resolved(inner, f"{owner}.{step}")
        return owner, path[-1]

    def write(self, schema: dict, shape: dict, owner: str) -> None:
        members = shape.get("members", {})
        properties = schema.get("properties", {})
        for name in sorted({*properties, *members}):
            api = self.shapes[members[name]["shape"]] if name in members else {}
            if name not in properties:
                self.table.lines.append(f"{name}+ {self.kind_of_api(members[name]['shape'])}")
                continue
            flags = "!" if name in schema.get("required", []) else ""
            # At the top, CloudFormation gives some by itself, such as names
            flags += "?" if owner and not flags and name in shape.get("required", []) else ""
            flags += "*" if (owner, name) in self.create_only else ""
            flags += "~" if (owner, name) in self.read_only else ""
            self.table.lines.append(f"{name}{flags} {self.kind(properties[name], api, f'{owner}.{name}'.lstrip('.'))}")
        one_of = schema.get("requiredXor") or [one["required"][0] for one in schema.get("oneOf", [])]
        if one_of:
            self.table.lines.append("^ " + " ".join(one_of))
        excluded = schema.get("dependentExcluded", {})
        pairs = {tuple(sorted((name, other))) for name, others in excluded.items() for other in others}
        self.table.lines += [f"x {one} {other}" for one, other in sorted(pairs) if not {one, other} <= set(one_of)]
        for name, others in sorted(schema.get("dependentRequired", {}).items()):
            self.table.lines.append(f"r {name} {' '.join(others)}")

    def kind_of_api(self, name: str) -> str:
        """What the API takes where the schema has nothing; without patterns, of which nothing says whether they are whole."""
        shape = self.shapes[name]
        match shape["type"]:
            case "structure" if name in self.schema.get("definitions", {}):
                return "a"  # the schema's definition of that name is another one
            case "structure":
                self.of_api.add(name)
                return f"{{{name}}}"
            case "list":
                return f"[{span(shape.get('min'), shape.get('max'))}]{self.kind_of_api(shape['member']['shape'])}"
            case "map":
                return "m" + span(shape.get("min"), shape.get("max"))
            case "string":
                values = self.table.values({}, shape)
                return "s" + (values or span(shape.get("min"), shape.get("max")))
            case "boolean":
                return "b"
            case "integer" | "long":
                return "i" + numbers(shape.get("min"), shape.get("max"))
            case "float" | "double":
                return "n" + numbers(shape.get("min"), shape.get("max"))
            case _:
                return "a"

    def kind(self, schema: dict, api: dict, path: str) -> str:
        schema, name = self.resolved(schema, path)
        match schema.get("type"):
            case "object" if "properties" in schema:
                self.definitions.setdefault(name, (schema, api if api.get("type") == "structure" else {}))
                return f"{{{name}}}"
            case "object" if "patternProperties" in schema:
                return "m" + span(schema.get("minProperties"), schema.get("maxProperties"))
            case "object":
                return "m"
            case ["object", "string"]:
                return "j"
            case "array":
                least, most = narrower(schema.get("minItems"), schema.get("maxItems"), api)
                item = self.shapes[api["member"]["shape"]] if api.get("type") == "list" else {}
                return f"[{span(least, most)}]{self.kind(schema['items'], item, path)}"
            case "boolean":
                return "b"
            case "integer" | "number" as number:
                least, most = narrower(schema.get("minimum"), schema.get("maximum"), api)
                return number[0] + numbers(least, most) + self.table.values(schema, {})
            case "string":
                least, most = narrower(schema.get("minLength"), schema.get("maxLength"), api)
                values = self.table.values(schema, api)
                if values:
                    return "s" + values
                if schema.get("pattern") in NAME_PATTERNS:
                    return "N" + span(least, most)
                pattern = whole(schema["pattern"]) if "pattern" in schema else None
                return "s" + span(least, most) + (f" /{pattern}" if pattern else "")
            case other:
                raise SystemExit(f"error: {self.name}: {path} is of type {other}, which the table has no word for")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", type=Path, help="the folder of the wheels")
    parser.add_argument("table", type=Path, help="the file to write")
    arguments = parser.parse_args()
    registry, api = Wheel(arguments.wheels, "cfn_lint"), Wheel(arguments.wheels, "botocore")
    models = {service: api.api(service) for service in sorted({service for service, _ in TYPES.values()})}
    places = {
        name.split("/")[-1].removesuffix(".json"): json.loads(registry.archive.read(name))
        for name in sorted(registry.archive.namelist())
        if fnmatch.fnmatch(name, f"{REGISTRY}/providers/*.json") and not name.endswith("/sam.json")
    }
    version = json.loads(registry.archive.read(f"{REGISTRY}/version.json"))
    table = Table()
    for name, (service, operation) in TYPES.items():
        (stored,) = {listed[name] for listed in places.values() if name in listed}
        schema = json.loads(registry.read(f"{REGISTRY}/resources/{stored}.json"))
        Type(table, name, schema, models[service], operation)
        if missing := sorted(place for place, listed in places.items() if name not in listed):
            table.lines.append("! " + " ".join(missing))
    lists = [f"@{name} {' '.join(listed)}" for listed, name in table.shared.items()]
    body = "\n".join([*lists, *table.lines, ""])
    head = [
        "# What AWS publishes of these resource types. `make schemas` writes it; src/domain/check/schema.rs reads it, and says how.",
        f"# registry {version['schema_date'][:10]} cfn-lint {registry.version} {registry.hash.hexdigest()}",
        f"# api {api.date} botocore {api.version} {api.hash.hexdigest()}",
        f"# table {hashlib.sha256(body.encode()).hexdigest()}",
    ]
    arguments.table.write_text("\n".join([*head, body]))
    print(f"{arguments.table}: {len(TYPES)} types, {len(body)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
