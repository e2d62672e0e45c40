"""Time `modeldeploy build` and `modeldeploy test` against plain boto3 scripts, side by side against one moto server.

Both sides take turns within one run, so that a busy machine is unfair to neither. Markdown goes to standard output,
progress to standard error. `make bench` runs it; `make bench BENCH_FLAGS=--quick` tries it with small sizes.
"""

import argparse
import copy
import datetime
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import boto3
import make_check_input
from busy import bench_busy
from chain import bench_chain
from emulator import DEFAULT_ACCOUNT as HOME_ACCOUNT
from emulator import Emulator
from limits import Tester, bench_limits
from moto.sagemaker.models import sagemaker_backends
from rows import bench_rows
from streams import bench_streams

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
GROUP, PROJECT, ROLE, REPOSITORY = "bench-models", "bench", "bench-test-role", "iris"
APPROVED_EVERY = 4  # the newest package is never an approved one
TEST_DELAY_MS = 20
# Each size of registry is in a region of its own, so that moto never filters through another size's packages.
REGIONS = ["us-east-1", "us-west-2", "eu-west-1"]
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}


@dataclass
class Cost:
    """What one run of a command cost."""

    wall: float
    own: float  # wall less the time in which a call was with the emulator
    user: float
    peak: float

    @staticmethod
    def median(costs: list["Cost"]) -> "Cost":
        names = ("wall", "own", "user", "peak")
        return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in names))


@dataclass
class Job:
    """A command of ours, and the script that does the same."""

    arguments: list[str]  # of the binary
    script: list[str]
    environment: dict[str, str]


class Bench:
    """The one emulator, and the scratch folder."""

    def __init__(self, binary: Path, base: Path | None, input_dir: Path, scratch: Path) -> None:
        self.binary, self.base, self.input_dir, self.scratch = binary, base, input_dir, scratch
        self.emulator = Emulator()

    def client(self, service: str, region: str = REGIONS[0], **credentials: str):
        keys = credentials or {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
        return boto3.client(service, region_name=region, endpoint_url=self.emulator.url, **keys)

    def measure(
        self,
        command: list[str],
        environment: dict[str, str],
        delay_ms: float = 0,
        throttled: dict[str, int] | None = None,
    ) -> Cost:
        """Run one command against an unchanged cloud: no group policy, counts at nought."""
        self.emulator.reset(delay_ms, throttled)
        result, log = self.scratch / "cost", self.scratch / "log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MODELDEPLOY_"))}
        endpoint = {"AWS_ENDPOINT_URL": self.emulator.url, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1"}
        with log.open("wb") as output:
            helper = [sys.executable, "-I", "-S", str(BENCH / "measure.py"), str(result), *command]
            env = clean | KEYS | endpoint | environment
            subprocess.run(helper, env=env, stdout=output, stderr=output, check=True, cwd=self.scratch)
        code, wall, user, peak = result.read_text().split()
        if code != "0":
            raise SystemExit(f"error: `{' '.join(command)}` ended with {code}\n{log.read_text()}")
        own = float(wall) - self.emulator.report().busy
        return Cost(float(wall), own, float(user), float(peak) / 1024)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def seed_registry(bench: Bench, region: str, packages: int) -> str:
    """Make a group with so many packages, and say which one is the latest approved."""
    sagemaker = bench.client("sagemaker", region)
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP, ModelPackageGroupDescription="bench")
    image = f"{HOME_ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{REPOSITORY}@sha256:{'0' * 64}"
    container = {"Image": image, "ModelDataUrl": seed_model(bench, region)}
    first = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]
    backend = sagemaker_backends[HOME_ACCOUNT][region]
    model = backend.model_packages[first]
    latest = ""
    for version in range(2, packages + 1):
        package = copy.copy(model)
        package.model_package_version = version
        package.arn = f"{first.rpartition('/')[0]}/{version}"
        package.creation_time = model.creation_time + datetime.timedelta(seconds=version)
        if version % APPROVED_EVERY == 0 and version < packages:
            package.model_approval_status = "Approved"
            latest = package.arn
        backend.model_packages[package.arn] = package
        backend.model_package_name_mapping[package.arn] = package.arn
    return latest


def seed_model(bench: Bench, region: str) -> str:
    """Make the repository of the image and the bucket of the model data, which all accounts may read."""
    s3, ecr = bench.client("s3", region), bench.client("ecr", region)
    bucket = f"bench-models-{region}"
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **place)
    s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=b"a model")
    everybody = {"Effect": "Allow", "Principal": "*"}
    read = everybody | {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [read]}))
    ecr.create_repository(repositoryName=REPOSITORY)
    pull = {"Version": "2012-10-17", "Statement": [everybody | {"Sid": "Pull", "Action": "ecr:*"}]}
    ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=json.dumps(pull))
    return f"s3://{bucket}/model.tar.gz"


def seed_unit(bench: Bench, name: str, accounts: int) -> tuple[str, list[str]]:
    """Make a unit whose second half of accounts is in a child unit."""
    organizations = bench.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name=name)["OrganizationalUnit"]["Id"]
    child = organizations.create_organizational_unit(ParentId=unit, Name=f"{name}-child")["OrganizationalUnit"]["Id"]
    ids = []
    for number in range(accounts):
        status = organizations.create_account(Email=f"{name}-{number}@example.com", AccountName=f"{name}-{number}")
        ids.append(status["CreateAccountStatus"]["AccountId"])
        parent = unit if number < (accounts + 1) // 2 else child
        organizations.move_account(AccountId=ids[-1], SourceParentId=root, DestinationParentId=parent)
    return unit, ids


def seed_endpoint(bench: Bench, account: str, endpoint: str, package: str) -> None:
    arn = f"arn:aws:iam::{account}:role/{ROLE}"
    assumed = bench.client("sts").assume_role(RoleArn=arn, RoleSessionName="seed")["Credentials"]
    sagemaker = bench.client(
        "sagemaker",
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
    variant = {
        "VariantName": "invoked_production_variant",  # by which moto says that it answers
        "ModelName": endpoint,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 1.0,
    }
    sagemaker.create_model(ModelName=endpoint, ExecutionRoleArn=arn, Containers=[{"ModelPackageName": package}])
    sagemaker.create_endpoint_config(EndpointConfigName=endpoint, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)


def take_turns(bench: Bench, job: Job, runs: int, delay_ms: float = 0):
    """Measure both commands alternately, after one run of each that does not count; also give their calls."""
    costs: tuple[list[Cost], list[Cost]] = ([], [])
    reports = [bench.emulator.report()] * 2
    for turn in range(runs + 1):
        for side, command in enumerate(([str(bench.binary), *job.arguments], [sys.executable, *job.script])):
            cost = bench.measure(command, job.environment, delay_ms)
            reports[side] = bench.emulator.report()
            if turn:
                costs[side].append(cost)
    return Cost.median(costs[0]), Cost.median(costs[1]), reports


def table(title: str, rows: list[list[str]]) -> None:
    print(f"| {title} |\n|{'---|' * (title.count('|') + 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print()


def cost_row(size: int, ours: Cost, theirs: Cost) -> list[str]:
    def cell(name: str, form: str) -> str:
        mine, other = getattr(ours, name), getattr(theirs, name)
        return f"{form.format(mine)} / {form.format(other)}: **{other / max(mine, 0.0001):.1f}x**"

    forms = {"wall": "{:.3f} s", "own": "{:.3f} s", "user": "{:.3f} s", "peak": "{:.1f} MiB"}
    return [f"{size:,}", *(cell(name, form) for name, form in forms.items())]


COST_TITLE = "{} | wall | of it not waiting for the emulator | user CPU | peak memory"
HOW_TO_READ = "Each cell is modeldeploy / boto3: how many times less modeldeploy takes.\n"


def parameter(file: Path, name: str) -> str:
    return next(p["ParameterValue"] for p in json.loads(file.read_text()) if p["ParameterKey"] == name)


def bench_build(bench: Bench, sizes: list[int], runs: int) -> tuple[Path, Job]:
    """Print the tables of `build`; give back a config that it exported from the first registry, and how it did."""
    staging, _ = seed_unit(bench, "staging", 4)
    prod, _ = seed_unit(bench, "prod", 4)
    environment = {
        "SAGEMAKER_PROJECT_NAME": PROJECT,
        "SAGEMAKER_PROJECT_ID": "p-bench",
        "SOURCE_MODEL_PACKAGE_GROUP_NAME": GROUP,
        "ARTIFACT_BUCKET": "bench-artifacts",
        "ORGANIZATIONAL_UNIT_STAGING_ID": staging,
        "ORGANIZATIONAL_UNIT_PROD_ID": prod,
        "SAGEMAKER_EXECUTION_ROLE_STAGING_NAME": "bench-staging-role",
        "SAGEMAKER_EXECUTION_ROLE_PROD_NAME": "bench-prod-role",
    }
    costs, calls, jobs = [], {}, []
    for region, size in zip(REGIONS, sizes, strict=True):
        say(f"build: {size:,} packages")
        latest = seed_registry(bench, region, size)
        out = [bench.scratch / f"build-{size}-{side}" for side in ("modeldeploy", "boto3")]
        folders = [["--input-dir", str(bench.input_dir), "--output-dir", str(folder)] for folder in out]
        where = environment | {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        jobs.append(Job(["build", *folders[0]], [str(BENCH / "build_boto3.py"), *folders[1]], where))
        ours, theirs, reports = take_turns(bench, jobs[-1], runs)
        for folder in out:
            chosen = parameter(folder / "staging-config-export.json", "ModelPackageName")
            if chosen != latest:
                raise SystemExit(f"error: {folder.name} exported {chosen}, the latest approved package is {latest}")
        costs.append(cost_row(size, ours, theirs))
        calls[size] = [report.calls for report in reports]
    print(f"## build: median of {runs} runs each, taking turns\n")
    print("The first package of a registry is made over HTTP, the others are copies of it, put straight into moto's")
    print("memory. Both sides wait for the same moto, which takes one call at a time; its time is in both walls.")
    print(HOW_TO_READ)
    table(COST_TITLE.format("packages"), costs)
    print_calls(calls)
    return bench.scratch / f"build-{sizes[0]}-modeldeploy" / "staging-config-export.json", jobs[0]


def print_calls(calls: dict[int, list[dict[str, int]]]) -> None:
    print("### Calls of one build, counted by the emulator (modeldeploy / boto3)\n")
    operations = sorted({name for sides in calls.values() for side in sides for name in side})
    rows = [[name, *(" / ".join(str(s.get(name, 0)) for s in calls[size]) for size in calls)] for name in operations]
    sums = [[sum(side.values()) for side in sides] for sides in calls.values()]
    rows.append(["all", *(f"{ours} / {theirs}" for ours, theirs in sums)])
    table("operation | " + " | ".join(f"{size:,} packages" for size in calls), rows)
    first = next(iter(calls.values()))
    same_over_sizes = all(sides[0] == first[0] for sides in calls.values())
    print(f"modeldeploy makes the same calls at every size: {'yes' if same_over_sizes else 'NO'}.")
    same_sides = all(ours == theirs for ours, theirs in calls.values())
    print(f"Both sides make the same calls: {'yes' if same_sides else 'NO'}.\n")


def test_job(bench: Bench, name: str, size: int, exported: Path) -> tuple[Job, list[str]]:
    """Make a unit with that many accounts, a live endpoint in each, and say how to test them all at once."""
    package, stage = parameter(exported, "ModelPackageName"), parameter(exported, "StageName")
    cases = bench.scratch / "cases.yml"
    cases.write_text(
        "version: 1\ncases:\n  - name: moto answers\n    body: '5.1,3.5,1.4,0.2'\n    content_type: text/csv\n"
        "    expect: {body: {equals: body}}\n"
    )
    unit, accounts = seed_unit(bench, name, size)
    for account in accounts:
        seed_endpoint(bench, account, f"{PROJECT}-{stage}", package)
    environment = {
        "AWS_REGION": REGIONS[0],
        "AWS_DEFAULT_REGION": REGIONS[0],
        "BUILD_CONFIG": str(exported),
        "EXPORT_TEST_RESULTS": str(bench.scratch / "test-results.json"),
        "SAGEMAKER_EXECUTION_ROLE_NAME": ROLE,
        "ORGANIZATIONAL_UNIT_ID": unit,
    }
    # All at once, so that the slowest account bounds the whole
    arguments = ["test", "--cases", str(cases), "--concurrency", str(size)]
    return Job(arguments, [str(BENCH / "test_boto3.py")], environment), accounts


def bench_test(bench: Bench, sizes: list[int], runs: int, exported: Path) -> None:
    costs, spans = [], []
    for size in sizes:
        say(f"test: {size:,} accounts")
        job, accounts = test_job(bench, f"test-{size}", size, exported)
        mine, other, reports = take_turns(bench, job, runs, TEST_DELAY_MS)
        costs.append(cost_row(size, mine, other))
        tested = [{a: span for a, span in report.accounts.items() if a in accounts} for report in reports]
        if any(len(side) != size for side in tested):
            raise SystemExit(f"error: {[len(side) for side in tested]} accounts were tested, not {size}")
        slowest = [max(side.values()) for side in tested]
        sums = [sum(side.values()) for side in tested]
        calls = [sum(report.calls.values()) for report in reports]
        if calls[0] > calls[1]:
            raise SystemExit(f"error: modeldeploy made {calls[0]} calls for {size} accounts, boto3 {calls[1]}")
        seconds = (slowest[0], sums[0], slowest[1], sums[1])
        bounded = f"{mine.wall / slowest[0]:.2f}"
        spans.append([f"{size:,}", *(f"{value:.3f} s" for value in seconds), bounded, *map(str, calls)])
    print(f"## test: median of {runs} runs each, taking turns\n")
    print(f"The emulator holds back every call for {TEST_DELAY_MS} ms, as a network would. The boto3 script takes one")
    print("account after the other, modeldeploy all at once. moto answers one call at a time: with many accounts, it is")
    print(f"what modeldeploy waits for. {HOW_TO_READ}")
    table(COST_TITLE.format("accounts"), costs)
    print("### First call to last answer of one account, seen by the emulator in the last run\n")
    table(
        "accounts | slowest: modeldeploy | sum: modeldeploy | slowest: boto3 | sum: boto3"
        " | wall / slowest: modeldeploy | calls: modeldeploy | calls: boto3",
        spans,
    )


def bench_check(bench: Bench, runs: int) -> None:
    """Time `check` where nobody waits for a cloud: the project that everybody begins with, and one near its limits."""
    rows = []
    projects = [("the seed repository", ROOT / "seed-repo", ["staging", "prod"], "15 ms")]
    for size, stages, aim in ((20_000, 2, "15 ms"), (450_000, 20, "60 ms")):
        folder = bench.scratch / f"check-{size}"
        names = make_check_input.write(folder, size, stages)
        projects.append((f"{stages} stages", folder, names, aim))
    for what, folder, stages, aim in projects:
        command = [str(bench.binary), "check", "--input-dir", str(folder), "--stages", ",".join(stages)]
        cost = Cost.median([bench.measure(command, {}) for _ in range(runs)])
        written = (folder / "endpoint-config-template.yml").stat().st_size
        rows.append([f"{what}, {written / 1000:.0f} KB", f"{cost.wall * 1000:.0f} ms", f"under {aim}", f"{cost.peak:.1f} MiB"])
    print("## check: no cloud, and no boto3 script that does it\n")
    table(f"project | wall, median of {runs} runs | aim | peak memory (aim: under 32 MiB)", rows)


def bench_binary(bench: Bench, runs: int) -> None:
    start = Cost.median([bench.measure([str(bench.binary), "--version"], {}) for _ in range(runs)])
    floor = bench.measure(["true"], {})
    packed = len(gzip.compress(bench.binary.read_bytes(), 9))
    print("## The binary\n")
    rows = [
        [f"`--version`, median of {runs} runs", f"{start.wall * 1000:.1f} ms", "under 10 ms"],
        ["size", f"{bench.binary.stat().st_size / 1e6:.2f} MB", "under 12 MB"],
        ["size of its gzip", f"{packed / 1e6:.2f} MB", "under 6 MB"],
    ]
    table("what | measured | aim", rows)
    print(f"Smallest peak memory that this bench can see: {floor.peak:.1f} MiB (that of `true`).")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes and few runs, to try the bench itself")
    parser.add_argument("--binary", type=Path, default=ROOT / "dist" / "modeldeploy")
    parser.add_argument("--base", type=Path, help="an earlier build, to be measured beside this one")
    parser.add_argument("--streams", action="store_true", help="only the chat streams, beside aiperf and guidellm")
    parser.add_argument("--input-dir", type=Path, default=ROOT / "seed-repo", help="template and stage configs")
    arguments = parser.parse_args()
    base = arguments.base.resolve() if arguments.base else None
    for needed in (*filter(None, [base]), arguments.binary, arguments.input_dir / "endpoint-config-template.yml"):
        if not needed.is_file():
            raise SystemExit(f"error: {needed} is missing\nhint: run `make bench`, which builds dist/modeldeploy first")
    packages, accounts = ([5, 10, 50], [2, 4]) if arguments.quick else ([10, 1_000, 10_000], [2, 20, 200])
    runs, test_runs = (2, 1) if arguments.quick else (21, 3)

    with tempfile.TemporaryDirectory() as scratch:
        if arguments.streams:
            bench_streams(arguments.binary.resolve(), Path(scratch), table, arguments.quick)
            return
        bench = Bench(arguments.binary.resolve(), base, arguments.input_dir.resolve(), Path(scratch))
        bench.client("organizations").create_organization(FeatureSet="ALL")
        print(f"# Bench: modeldeploy and plain boto3 {boto3.__version__}, side by side against one moto server\n")
        exported, build = bench_build(bench, packages, runs)
        bench_test(bench, accounts, test_runs, exported)
        one, _ = test_job(bench, "one", 1, exported)
        bench_chain(bench, {"build": build, "test": one}, table)
        bench_busy(bench, {"build": build, "test": one}, table, say, arguments.quick)
        tester = Tester(bench.binary, bench.scratch)
        bench_limits(tester, table, arguments.quick)
        bench_rows(tester, table, arguments.quick)
        bench_check(bench, runs)
        bench_binary(bench, 5 * runs)


if __name__ == "__main__":
    main()
