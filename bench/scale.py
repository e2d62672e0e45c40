"""Memory and time at scale: how much more a command takes for twice as much.

    scale.py dist/modeldeploy [--base FILE] [--only NAME] [--quick] [--write docs/robustness.md]

Each row is a command over a series of sizes; the growth is that for a doubling, from the second largest size to the
largest, so that what a command takes in any case counts little. Linear is 2. Standard library only; AWS is
loopback.py, which answers at once.
"""

import argparse
import copy
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
PACKAGE = "arn:aws:sagemaker:us-east-1:100000000000:model-package/bench/4"
# Over this, a doubling takes more than twice as much; what is above 2 may be the machine's.
LINEAR = 2.3
# Below these, what a command takes in any case decides.
LEAST_SECONDS, LEAST_MIB = 0.05, 4
PATIENCE_SECONDS = 120
BEGIN, END = "<!-- written by make scale -->\n", "<!-- end of scale -->"


@dataclass
class Cost:
    seconds: float  # of a core, so that it matters little what else the machine does
    peak: float  # MiB


@dataclass
class Series:
    name: str
    sizes: list[int]
    prepare: Callable[[Path, int], list[str]]  # writes files, gives the arguments
    exits: set[int]
    serves: list[str] | None = None  # flags of loopback.py; an address is then appended as --model-url or set
    as_aws: bool = False
    then: list[str] | None = None  # what is measured, after the rest ran


def world() -> dict:
    return json.loads((ROOT / "examples" / "iris" / "world.json").read_text())


def put(file: Path, value: object) -> None:
    file.write_text(value if isinstance(value, str) else json.dumps(value))


def project(folder: Path, template: str, stages: list[str], parameters: dict[str, str] | None = None) -> list[str]:
    put(folder / "endpoint-config-template.yml", template)
    for stage in stages:
        put(folder / f"{stage}-config.json", {"Parameters": {"StageName": stage} | (parameters or {})})
    return ["--stages", ",".join(stages)]


HEAD = "Parameters:\n  StageName: {Type: String}\n  SageMakerProjectName: {Type: String}\n  ModelPackageName: {Type: String}\n"
ENDPOINT = """  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: !Sub "${SageMakerProjectName}-${StageName}", EndpointConfigName: !Ref ModelPackageName}
"""
TOPIC = "  T{0}:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: !Sub \"${{StageName}}-{0}\"{1}}}\n"


def resources(count: int, more: str = "") -> str:
    return HEAD + "Resources:\n" + ENDPOINT + "".join(TOPIC.format(number, more) for number in range(count))


def check_resources(folder: Path, count: int) -> list[str]:
    return ["check", *project(folder, resources(count), ["staging", "prod"])]


def check_findings(folder: Path, count: int) -> list[str]:
    return ["check", *project(folder, resources(count, ", DisplayNam: a"), ["staging", "prod"])]


def check_parameters(folder: Path, count: int) -> list[str]:
    own = "".join(f"  P{n}: {{Type: String, AllowedPattern: '^[a-z]+(-*[a-z0-9])*$'}}\n" for n in range(count))
    used = "".join(f"  T{n}:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: !Ref P{n}}}\n" for n in range(count))
    values = {f"P{n}": f"value-{n}" for n in range(count)}
    return ["check", *project(folder, HEAD + own + "Resources:\n" + ENDPOINT + used, ["staging", "prod"], values)]


def check_stages(folder: Path, count: int) -> list[str]:
    return ["check", *project(folder, resources(100), [f"s{number}" for number in range(count)])]


def check_quoted(folder: Path, count: int) -> list[str]:
    """Texts whose lines stand as far left as their keys."""
    text = resources(1) + "Metadata:\n" + "".join(f"  K{number}: \"a\nb\"\n" for number in range(count))
    return ["check", *project(folder, text, ["staging", "prod"])]


def in_units(folder: Path, count: int) -> None:
    """A world of accounts, ten in a unit, each unit in the one of stage staging, and what its project has."""
    made = world()
    staging = made["Roots"][0]["OrganizationalUnits"][0]
    pattern, unit = staging["Accounts"][0], staging["OrganizationalUnits"][0]
    for number in range(count // 10):
        one = copy.deepcopy(unit) | {"Id": f"ou-ex01-{number:08}", "Name": f"u{number}"}
        one["Arn"] = one["Arn"].replace(unit["Id"], one["Id"])
        ids = [f"{500_000_000_000 + 10 * number + place}" for place in range(10)]
        one["Accounts"] = [pattern | {"Id": i, "Arn": pattern["Arn"].replace(pattern["Id"], i), "Name": i} for i in ids]
        staging["OrganizationalUnits"].append(one)
    put(folder / "world.json", made)
    for file in (ROOT / "seed-repo").iterdir():
        shutil.copy(file, folder)


def build_accounts(folder: Path, count: int) -> list[str]:
    in_units(folder, count)
    return ["--offline", "world.json", "build", "--no-group-policy"]


def rehearse_accounts(folder: Path, count: int) -> list[str]:
    in_units(folder, count)
    shutil.copytree(ROOT / "test", folder / "test")
    return ["--offline", "world.json", "rehearse", "--no-group-policy", "--approve"]


def resolve_packages(folder: Path, count: int) -> list[str]:
    """Versions none of which is approved, but the oldest."""
    made = world()
    packages = made["ModelPackageGroups"][0]["ModelPackages"]
    pattern = copy.deepcopy(packages[0])
    packages.clear()
    for number in range(1, count + 1):
        text = re.sub(r"(model-package/[^/\"]+/)\d+", rf"\g<1>{number}", json.dumps(pattern))
        one = json.loads(text) | {"ModelPackageVersion": number, "CreationTime": 1_700_000_000 + number}
        packages.append(one | {"ModelApprovalStatus": "Approved" if number == 1 else "PendingManualApproval"})
    put(folder / "world.json", made)
    return ["--offline", "world.json", "resolve"]


CASE = {"content_type": "text/csv", "accept": "application/json", "body": "5.1,3.5,1.4,0.2"}
EXPECT = {"json": [{"path": "$.predictions[0].label", "equals": "setosa"}]}


def test_cases(folder: Path, count: int) -> list[str]:
    cases = [CASE | {"name": f"case {number}", "expect": EXPECT} for number in range(count)]
    put(folder / "cases.yml", {"version": 1, "cases": cases})
    return ["test", "--cases", "cases.yml", "--export-test-results", "results.json"]


def test_accounts(folder: Path, _: int) -> list[str]:
    put(folder / "config.json", {"Parameters": {"StageName": "staging", "SageMakerProjectName": "bench", "ModelPackageName": PACKAGE}})
    unit = ["--build-config", "config.json", "--organizational-unit", "ou-ab12-cdef3456", "--concurrency", "32"]
    return [*test_cases(folder, 3), *unit]


BATCH = 1000


def test_rows(folder: Path, count: int) -> list[str]:
    with (folder / "rows.csv").open("w") as file:
        file.write("a,b,c,d,label\n")
        for number in range(count):
            file.write(f"{number % 97}.5,3.5,1.4,0.{number % 89},setosa\n")
    dataset = {"file": "rows.csv", "label": "label", "batch_size": BATCH, "prediction": "$.predictions[*].label"}
    dataset |= {"gates": {"accuracy": {"min": 0.9}}}
    case = {"name": "rows", "content_type": "text/csv", "accept": "application/json", "dataset": dataset}
    put(folder / "cases.yml", {"version": 1, "cases": [case]})
    return ["test", "--cases", "cases.yml", "--export-test-results", "results.json"]


def test_captured(folder: Path, count: int) -> list[str]:
    """All of the records are drawn, sent and compared."""
    answer = json.dumps({"predictions": [{"label": "setosa", "score": 0.99}]})
    with (folder / "captured.jsonl").open("w") as file:
        for at in range(count):
            part = {"observedContentType": "text/csv", "data": f"5.{at % 97},3.5,1.4,0.{at % 89}", "encoding": "CSV"}
            output = {"observedContentType": "application/json", "data": answer, "encoding": "JSON"}
            metadata = {"eventId": f"00000000-0000-0000-0000-{at:012}", "inferenceTime": "2026-11-28T12:00:00Z"}
            record = {
                "captureData": {"endpointInput": part, "endpointOutput": output},
                "eventMetadata": metadata,
                "eventVersion": "0",
            }
            file.write(json.dumps(record) + "\n")
    picks = {"prediction": "$.predictions[*].label", "score": "$.predictions[*].score"}
    case = {"name": "traffic", "capture": {"s3": "captured.jsonl", "sample": count, **picks}}
    put(folder / "cases.yml", {"version": 1, "cases": [case]})
    return ["test", "--cases", "cases.yml", "--export-test-results", "results.json"]


def every_series(quick: bool) -> Iterator[Series]:
    def sizes(*all_sizes: int) -> list[int]:
        return [size // 10 or 1 for size in all_sizes] if quick else list(all_sizes)

    yield Series("check: resources", sizes(2_000, 4_000, 8_000), check_resources, {0, 2})
    yield Series("check: findings", sizes(2_000, 4_000, 8_000), check_findings, {0, 2})
    yield Series("check: parameters", sizes(1_000, 2_000, 4_000), check_parameters, {0, 2})
    yield Series("check: stages", sizes(50, 100, 200), check_stages, {0, 2})
    yield Series("check: quoted texts", sizes(3_000, 6_000, 12_000), check_quoted, {0, 2})
    yield Series("build: accounts, ten in a unit", sizes(2_500, 5_000, 10_000), build_accounts, {0})
    yield Series("rehearse: accounts, ten in a unit", sizes(1_250, 2_500, 5_000), rehearse_accounts, {0})
    yield Series("resolve: packages", sizes(100, 1_000, 10_000), resolve_packages, {0})
    yield Series("test: cases", sizes(100, 1_000, 10_000), test_cases, {0}, [])
    yield Series("test: rows of a dataset", sizes(10_000, 100_000, 1_000_000), test_rows, {0}, ["--rows", str(BATCH)])
    yield Series("test: captured records", sizes(1_000, 10_000, 100_000), test_captured, {0}, ["--rows", "1"])
    yield Series("test: accounts, 3 cases each", sizes(50, 200, 1_000), test_accounts, {0}, ["--package", PACKAGE], True)
    yield Series("report: cases", sizes(100, 1_000, 10_000), test_cases, {0}, [], then=["report", "results.json"])


@contextmanager
def loopback(flags: list[str]) -> Iterator[str]:
    process = subprocess.Popen([sys.executable, str(BENCH / "loopback.py"), *flags], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def environment(series: Series, url: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MODELDEPLOY_"))}
    own |= {"NO_PROXY": "127.0.0.1", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    if series.as_aws:
        own |= {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_ENDPOINT_URL": url}
        own |= {"SAGEMAKER_EXECUTION_ROLE_NAME": "bench"}
    return own


def measured(binary: Path, series: Series, size: int) -> Cost | None:
    """What the command costs; nothing where it does not end in time, or not as it should."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        arguments = series.prepare(folder, size)
        flags = [*(series.serves or []), *(["--accounts", str(size)] if series.as_aws else [])]
        with loopback(flags) as url:
            if series.serves is not None and not series.as_aws:
                arguments = [*arguments, "--model-url", url]
            own = environment(series, url)
            if series.then:
                subprocess.run([str(binary), "-q", *arguments], cwd=folder, env=own, capture_output=True, check=True)
                arguments = series.then
            # The command is given up, not what measures it.
            command = ["timeout", str(PATIENCE_SECONDS), str(binary), "-q", *arguments]
            measure = [sys.executable, "-I", "-S", str(BENCH / "measure.py"), "cost", *command]
            done = subprocess.run(measure, cwd=folder, env=own, capture_output=True, check=False)
        code, _, seconds, peak = (folder / "cost").read_text().split()
        if int(code) not in series.exits:
            said = done.stderr.decode()[-1000:]
            print(f"{series.name}, {size:,}, {binary}: exit {code}\n{said}", file=sys.stderr)
            return None
        return Cost(float(seconds), float(peak) / 1024)


def best(binary: Path, series: Series, size: int, runs: int) -> Cost | None:
    costs = [cost for cost in (measured(binary, series, size) for _ in range(runs)) if cost]
    return Cost(min(cost.seconds for cost in costs), min(cost.peak for cost in costs)) if costs else None


def growth(sizes: list[int], costs: list[Cost | None], of: Callable[[Cost], float], least: float) -> float | None:
    """How many times as much for a doubling, from the second largest size to the largest; 1 where both are little."""
    before, after = costs[-2:]
    if before is None or after is None:
        return None
    if of(after) < least:
        return 1.0
    return (of(after) / max(of(before), least / 2)) ** (1 / math.log2(sizes[-1] / sizes[-2]))


def shown(costs: list[Cost | None], of: Callable[[Cost], float], form: str) -> str:
    return " / ".join("-" if cost is None else format(of(cost), form) for cost in costs)


def row(series: Series, binary: Path, base: Path | None, runs: int) -> tuple[list[str], bool]:
    def seconds(cost: Cost) -> float:
        return cost.seconds

    def peak(cost: Cost) -> float:
        return cost.peak

    costs = [best(binary, series, size, runs) for size in series.sizes]
    grown = growth(series.sizes, costs, seconds, LEAST_SECONDS), growth(series.sizes, costs, peak, LEAST_MIB)
    cells = [series.name, " / ".join(f"{size:,}" for size in series.sizes)]
    cells += [shown(costs, seconds, ".2f"), shown(costs, peak, ".0f"), *("-" if one is None else f"{one:.1f}" for one in grown)]
    if base:
        # The largest size last, and only if the one before ended in time.
        theirs: list[Cost | None] = []
        for size in series.sizes:
            theirs.append(None if theirs and theirs[-1] is None else best(base, series, size, 1))
        cells += [shown(theirs, seconds, ".2f"), shown(theirs, peak, ".0f")]
    return cells, all(one is not None and one <= LINEAR for one in grown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--base", type=Path, help="an earlier build, measured beside it")
    parser.add_argument("--only", default="", help="series whose names hold this")
    parser.add_argument("--quick", action="store_true", help="a tenth of every size")
    parser.add_argument("--runs", type=int, default=2, help="of which the best counts")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into this page, too")
    arguments = parser.parse_args()
    binary, base = arguments.binary.resolve(), arguments.base and arguments.base.resolve()
    heads = ["what grows", "to", "seconds", "MiB", "seconds, twice as much", "MiB, twice as much"]
    heads += ["seconds before", "MiB before"] if base else []
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    print("\n".join(lines), flush=True)
    too_much = []
    for series in every_series(arguments.quick):
        if arguments.only not in series.name:
            continue
        cells, is_linear = row(series, binary, base, arguments.runs)
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
        if not is_linear:
            too_much.append(series.name)
    if arguments.write:
        before, rest = arguments.write.read_text().split(BEGIN)
        arguments.write.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + rest.split(END)[1])
    if too_much:
        sys.exit(f"error: a doubling takes more than {LINEAR} times as much: {', '.join(too_much)}")


if __name__ == "__main__":
    main()
