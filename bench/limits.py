"""How much `modeldeploy test` takes of what it measures: many accounts, a load beside wrk, memory, its own share.

Servers and clients are each held to one core, so that neither takes the other's.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BENCH = Path(__file__).resolve().parent
# Made of bench/bare.c by `make bench`.
BARE = BENCH.parent / "target" / "bench" / "bare"
SERVE = BENCH.parent / "examples" / "iris" / "serve.py"
PACKAGE = "arn:aws:sagemaker:us-east-1:100000000000:model-package/bench/4"
ROW = "5.1,3.5,1.4,0.2"
CASES = 3
DELAY_MS = 20
CONCURRENCY = 32
IN_FLIGHT = 64
SERVER_CORE, CLIENT_CORE = "0", "1"
Table = Callable[[str, list[list[str]]], None]


@contextmanager
def server(*command: str) -> Iterator[str]:
    """Start a server on its core, and give its address."""
    process = subprocess.Popen(["taskset", "-c", SERVER_CORE, *command], stdout=subprocess.PIPE, text=True)
    try:
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        if not found:
            raise SystemExit(f"error: {' '.join(command)} did not start")
        yield found[0]
    finally:
        process.terminate()
        process.wait()


def loopback(*flags: str):
    return server(sys.executable, str(BENCH / "loopback.py"), *flags)


def bare():
    return server(str(BARE), "1")


def iris(*flags: str):
    return server(sys.executable, str(SERVE), "--port", "0", *flags)


class Tester:
    """Runs `modeldeploy test` on its core, and says what came of it and what it cost."""

    def __init__(self, binary: Path, scratch: Path) -> None:
        self.binary, self.scratch = binary, scratch
        config = {"StageName": "staging", "SageMakerProjectName": "bench", "ModelPackageName": PACKAGE}
        (scratch / "limits-config.json").write_text(json.dumps({"Parameters": config}))

    def run(self, cases: list[dict], *flags: str, endpoint: str | None = None) -> tuple[list[dict], float, float]:
        """Give each account's results, the wall time in seconds and the peak memory in MiB."""
        suite, results, cost = (self.scratch / f"limits-{name}" for name in ("cases.yml", "results.json", "cost"))
        suite.write_text(json.dumps({"version": 1, "cases": cases}))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MODELDEPLOY_"))}
        environment |= {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
        environment |= {"NO_PROXY": "127.0.0.1"}
        if endpoint:
            environment |= {"AWS_ENDPOINT_URL": endpoint, "SAGEMAKER_EXECUTION_ROLE_NAME": "bench"}
            flags = ("--build-config", str(self.scratch / "limits-config.json"), *flags)
        command = [str(self.binary), "-q", "test", "--cases", str(suite), "--export-test-results", str(results), *flags]
        measure = [sys.executable, "-I", "-S", str(BENCH / "measure.py"), str(cost)]
        done = subprocess.run(
            ["taskset", "-c", CLIENT_CORE, *measure, *command], env=environment, capture_output=True, text=True
        )
        if not results.exists():
            raise SystemExit(f"error: `{' '.join(command)}` left no results\n{done.stderr}")
        accounts = json.loads(results.read_text())["accounts"]
        results.unlink()
        _, wall, _, peak = cost.read_text().split()
        return accounts, float(wall), float(peak) / 1024


def case(name: str, **more) -> dict:
    return {"name": name, "content_type": "text/csv", "accept": "application/json", "body": ROW} | more


def load(rate: float, seconds: float, in_flight: int = IN_FLIGHT) -> dict:
    return case("load", load={"rate": rate, "duration": f"{seconds * 1000:.0f}ms", "max_in_flight": in_flight})


def ask(url: str, data: bytes | None = None) -> dict:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, data) as answer:
        return json.load(answer)


def many_accounts(tester: Tester, accounts: int, table: Table) -> None:
    expect = {"json": [{"path": "$.predictions[0].label", "equals": "setosa"}]}
    cases = [case(f"case {number}", expect=expect) for number in range(CASES)]
    flags = ("--organizational-unit", "ou-ab12-cdef3456", "--concurrency", str(CONCURRENCY))
    with loopback("--accounts", str(accounts), "--package", PACKAGE, "--delay-ms", str(DELAY_MS)) as url:
        tested, wall, peak = tester.run(cases, *flags, endpoint=url)
        report = ask(f"{url}/report")
    if len(tested) != accounts or not all(account["success"] for account in tested):
        raise SystemExit(f"error: {sum(account['success'] for account in tested)} of {accounts} accounts passed")
    slowest = max(report["accounts"].values())
    share = slowest * accounts / CONCURRENCY
    print(f"## test: {accounts:,} accounts with {CASES} cases each, {CONCURRENCY} at once\n")
    print(f"Against bench/loopback.py, which holds back every answer for {DELAY_MS} ms. The slowest account's share is")
    print("its time, as often as accounts follow one another at that concurrency.\n")
    rows = [
        ["wall", f"{wall:.2f} s", ""],
        ["slowest account", f"{slowest:.3f} s", ""],
        ["wall / the slowest account's share", f"{wall / share:.2f}", "at most 1.5"],
        ["wall / the sum of all accounts", f"{wall / sum(report['accounts'].values()):.3f}", ""],
        ["peak memory", f"{peak:.1f} MiB", "under 64 MiB"],
        ["calls", f"{report['calls']:,}", ""],
    ]
    table("what | measured | limit", rows)


def wrk(url: str, scratch: Path, seconds: int, connections: int, pause_ms: int = 0) -> tuple[float, dict[str, float]]:
    """Give the rate, and the latencies in milliseconds, which wrk corrects for requests that it did not send."""
    script = scratch / "limits.lua"
    headers = 'wrk.headers["Content-Type"] = "text/csv"\nwrk.headers["Accept"] = "application/json"\n'
    delay = f"function delay() return {pause_ms} end\n" if pause_ms else ""
    script.write_text(f'wrk.method = "POST"\nwrk.body = "{ROW}"\n{headers}{delay}')
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), f"{url}/invocations"]
    said = subprocess.run(["taskset", "-c", CLIENT_CORE, *command], capture_output=True, text=True, check=True).stdout
    unit = {"us": 0.001, "ms": 1, "s": 1000}
    latencies = re.findall(r"^\s+(50|75|90|99)%\s+([\d.]+)(us|ms|s)$", said, re.MULTILINE)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if not rate or not latencies:
        raise SystemExit(f"error: wrk said nothing of use:\n{said}")
    return float(rate[1]), {f"p{name}": float(value) * unit[scale] for name, value, scale in latencies}


def highest_rates(tester: Tester, start, seconds: int, turns: int) -> tuple[float, float]:
    """Let both send as fast as they can, in turns; give wrk's median rate and the median of the ratios."""
    with start() as url:
        rates, ratios = [], []
        for _ in range(turns):
            theirs, _ = wrk(url, tester.scratch, seconds, IN_FLIGHT)
            # More than the server takes, by so little that the rest is soon sent after the time is up.
            [account], _, _ = tester.run([load(min(theirs * 1.2, 100_000), seconds)], "--model-url", url)
            rates.append(theirs)
            ratios.append(account["cases"][0]["load"]["achievedRate"] / theirs)
    return statistics.median(rates), statistics.median(ratios)


def beside_wrk(tester: Tester, seconds: int, turns: int, table: Table) -> None:
    if not shutil.which("wrk"):
        raise SystemExit("error: wrk is missing, beside which the load is measured\nhint: Debian and Ubuntu: apt install wrk")
    print(f"## test: a load beside wrk\n\nMedian of {turns} turns of {seconds} s; {IN_FLIGHT} connections; server and client on one core each.\n")
    rate, ratio = highest_rates(tester, iris, seconds, turns)
    bare_rate, bare_ratio = highest_rates(tester, bare, seconds, turns)
    rows = [
        ["example model's server (examples/iris/serve.py)", f"{rate:,.0f}/s", f"{ratio:.2f}", "at least 0.80"],
        ["bare server that does nothing (bench/bare.c)", f"{bare_rate:,.0f}/s", f"{bare_ratio:.2f}", "at least 0.90"],
    ]
    table("as fast as it goes | wrk | modeldeploy / wrk | limit", rows)

    connections, pause_ms = 8, 30
    faults = ("--delay-ms", "10", "--stall-every", "40", "--stall-ms", "100")
    pairs = []
    with iris(*faults) as url:
        for _ in range(turns):
            rate, theirs = wrk(url, tester.scratch, seconds, connections, pause_ms)
            [account], _, _ = tester.run([load(round(rate, 1), seconds)], "--model-url", url)
            pairs.append((rate, theirs["p99"], account["cases"][0]["latencyMs"]["p99"]))
    rate, theirs, ours = (statistics.median(values) for values in zip(*pairs, strict=True))
    print(f"At a fixed rate ({rate:.0f}/s; the server takes 10 ms, every 40th answer 100 ms more), wrk corrects its")
    print("figures for requests that it held back; modeldeploy holds none back.\n")
    table("p99 | wrk, corrected | modeldeploy | ratio | limit", [["", f"{theirs:.1f} ms", f"{ours:.1f} ms", f"{ours / theirs:.2f}", "0.90 to 1.10"]])


def memory(tester: Tester, table: Table) -> None:
    peaks = {}
    with loopback() as url:
        for requests in (1_000, 100_000):
            # At one rate and with as many in flight, so that only the number of latencies grows.
            [account], _, peak = tester.run([load(10_000, requests / 10_000, 4)], "--model-url", url)
            sent = account["cases"][0]["invocations"]
            if sent != requests:
                raise SystemExit(f"error: {sent} requests were sent, not {requests}")
            peaks[requests] = peak
    print("## test: memory of a load\n")
    table("recorded latencies | peak memory", [[f"{requests:,}", f"{peak:.1f} MiB"] for requests, peak in peaks.items()])


def own_share(tester: Tester, seconds: int, table: Table) -> None:
    """What a measured latency holds beside the server's time: wrk's own is the floor that one can reach here."""
    rate = 200
    with loopback("--accounts", "1", "--package", PACKAGE) as url:
        _, floor = wrk(url, tester.scratch, seconds, 1, 1000 // rate)
        [plain], _, _ = tester.run([load(rate, seconds)], "--model-url", url)
        flags = ("--organizational-unit", "ou-ab12-cdef3456")
        [signed], _, _ = tester.run([load(rate, seconds)], *flags, endpoint=url)
    rows = [["wrk", f"{floor['p50']:.3f} ms", f"{floor['p99']:.3f} ms"]]
    for name, account in (("modeldeploy --model-url", plain), ("modeldeploy, signed calls of the AWS SDK", signed)):
        latencies = account["cases"][0]["latencyMs"]
        rows.append([name, f"{latencies['p50']:.3f} ms", f"{latencies['p99']:.3f} ms"])
    print(f"## test: what of a latency is the client's own\n\n{rate} requests a second to a server that answers at once.\n")
    table("client | p50 | p99", rows)


def cores(tester: Tester, seconds: int, table: Table) -> None:
    """What waiting for the next request costs: a load that asks for the time until then takes a whole core."""
    rate = 1_000
    with bare() as url:
        before = os.times()
        [account], wall, _ = tester.run([load(rate, seconds)], "--model-url", url)
        after = os.times()
    took = after.children_user + after.children_system - before.children_user - before.children_system
    p99 = account["cases"][0]["latencyMs"]["p99"]
    print(f"## test: what a load of {rate:,} requests a second takes\n")
    table("of a core | p99 | limit", [[f"{took / wall:.3f}", f"{p99:.3f} ms", "at most a tenth of a core"]])


def bench_limits(tester: Tester, table: Table, quick: bool) -> None:
    many_accounts(tester, 100 if quick else 1_000, table)
    beside_wrk(tester, 1 if quick else 5, 1 if quick else 5, table)
    cores(tester, 1 if quick else 5, table)
    memory(tester, table)
    own_share(tester, 1 if quick else 5, table)
