"""What a busy AWS costs: answers that throttle single calls, and rates that a thousand accounts share."""

import statistics
import sys
from collections.abc import Callable

from limits import PACKAGE, Tester, ask, case, loopback

# Calls of one account and unit, so that neither side has others under way meanwhile
SCHEDULE = {
    "ListModelPackages": "build",
    "DescribeModelPackage": "build",
    "ListAccountsForParent": "test",
    "AssumeRole": "test",
    "DescribeEndpoint": "test",
}
# botocore's standard mode gives up at the third attempt; with more, it shows what its pauses cost.
BOTO3 = {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "10"}
RATES = {"AssumeRole": (50, 50), "DescribeEndpoint": (20, 20), "ListAccountsForParent": (5, 5)}
DELAY_MS = 20
UNIT = ("--organizational-unit", "ou-ab12-cdef3456")
Table = Callable[[str, list[list[str]]], None]


def walls(bench, job, throttled: dict[str, int], runs: int, base_runs: int) -> list[float]:
    """Give the median walls of this build, boto3 and, if it is there, the base, taking turns."""
    ours = [str(bench.binary), *job.arguments]
    sides = [(ours, {}, runs), ([sys.executable, *job.script], BOTO3, runs)]
    if bench.base:
        sides.append(([str(bench.base), *job.arguments], {}, base_runs))
    taken: list[list[float]] = [[] for _ in sides]
    for turn in range(runs):
        for side, (command, more, times) in enumerate(sides):
            if turn < times:
                taken[side].append(bench.measure(command, job.environment | more, 0, throttled).wall)
    return [statistics.median(times) for times in taken]


def schedule(bench, jobs: dict, table: Table, say: Callable[[str], None], quick: bool) -> None:
    counts, runs, base_runs = ((1,), 1, 1) if quick else ((1, 3, 5), 11, 3)
    rows = []
    for operation, name in SCHEDULE.items():
        free = walls(bench, jobs[name], {}, runs, base_runs)
        for count in counts:
            say(f"throttled: {operation}, {count}")
            added = walls(bench, jobs[name], {operation: count}, runs, base_runs)
            mine, theirs, *base = (after - before for after, before in zip(added, free, strict=True))
            cells = [f"{seconds:.2f} s" for seconds in (mine, theirs)]
            rows.append([operation, name, str(count), *cells, f"**{mine / theirs:.2f}**"])
            rows[-1] += [text for seconds in base for text in (f"{seconds:.2f} s", f"{seconds / theirs:.1f}")]
    print(f"## Throttled answers: median of {runs} runs each, taking turns\n")
    print("How much longer a command takes if the first calls of an operation are throttled. boto3 is in standard mode,")
    print("with 10 attempts in the place of its 3. Aim: at most half of what boto3 takes.\n")
    title = "operation | command | throttled | modeldeploy | boto3 | ratio"
    table(title + (f" | base (median of {base_runs}) | ratio" if bench.base else ""), rows)


def binaries(bench) -> dict[str, Tester]:
    found = {"this build": Tester(bench.binary, bench.scratch)}
    return found | ({"base": Tester(bench.base, bench.scratch)} if bench.base else {})


def rates(bench, table: Table, say: Callable[[str], None], quick: bool) -> None:
    accounts = 100 if quick else 1_000
    # An endpoint is described before its cases and after them.
    calls = {"AssumeRole": accounts, "DescribeEndpoint": 2 * accounts, "ListAccountsForParent": -(-accounts // 20)}
    bound = max((calls[name] - burst) / rate for name, (rate, burst) in RATES.items())
    flags = [f"--rate={name}={rate}:{burst}" for name, (rate, burst) in RATES.items()]
    rows = []
    for name, tester in binaries(bench).items():
        say(f"rates: {name}")
        with loopback("--accounts", str(accounts), "--package", PACKAGE, "--delay-ms", str(DELAY_MS), *flags) as url:
            tested, wall, _ = tester.run([case("one")], *UNIT, "--concurrency", str(accounts), endpoint=url)
            throttled = sum(ask(f"{url}/report")["throttled"].values())
        failed = accounts - sum(account["success"] for account in tested)
        rows.append([name, f"{wall:.1f} s", f"**{wall / bound:.2f}**", str(failed), f"{throttled:,}"])
    print(f"## test: {accounts:,} accounts all at once, below the rates of the services\n")
    taken = ", ".join(f"{name} {rate}/s and {burst} at once" for name, (rate, burst) in RATES.items())
    print(f"The services take {taken}.")
    print(f"No client can be faster than {bound:.0f} s. Aim: at most 1.2 times that, and no account fails.\n")
    table("build | wall | wall / bound | failed accounts | throttled answers", rows)


def memory(bench, table: Table, say: Callable[[str], None], quick: bool) -> None:
    rows = []
    for accounts, limit in ((20, 24),) if quick else ((200, 24), (1_000, 64)):
        for name, tester in binaries(bench).items():
            say(f"memory: {accounts:,} accounts, {name}")
            with loopback("--accounts", str(accounts), "--package", PACKAGE, "--delay-ms", str(DELAY_MS)) as url:
                _, wall, peak = tester.run([case("one")], *UNIT, "--concurrency", str(accounts), endpoint=url)
            rows.append([f"{accounts:,}", name, f"**{peak:.1f} MiB**", f"under {limit} MiB", f"{wall:.2f} s"])
    print("## test: memory of many accounts all at once\n")
    table("accounts | build | peak memory | limit | wall", rows)


def bench_busy(bench, jobs: dict, table: Table, say: Callable[[str], None], quick: bool) -> None:
    schedule(bench, jobs, table, say, quick)
    rates(bench, table, say, quick)
    memory(bench, table, say, quick)
