"""How often a command has to wait for an answer before it can ask on: the chain of its calls."""

from collections.abc import Callable

DELAY_MS = 200
AT_MOST = {"build": 4, "test": 6}
Table = Callable[[str, list[list[str]]], None]


def waves(begun: list[tuple[float, str]]) -> list[list[str]]:
    """Put together the operations that were on their way at the same time."""
    found: list[list[str]] = []
    ends = 0.0
    for when, operation in begun:
        if not found or when >= ends:
            found.append([])
            ends = when + DELAY_MS / 1000
        found[-1].append(operation)
    return found


def bench_chain(bench, jobs: dict, table: Table) -> None:
    print(f"## The chain of calls, with {DELAY_MS} ms of latency on each\n")
    print("One account under test. Calls in one row do not wait for each other. `test` describes the endpoint once more")
    print("after the last case: no earlier answer can say that it still is what was proved.\n")
    binaries = {"this build": bench.binary} | ({"base": bench.base} if bench.base else {})
    rows = []
    for name, job in jobs.items():
        for build, binary in binaries.items():
            cost = bench.measure([str(binary), *job.arguments], job.environment, DELAY_MS)
            chain = waves(bench.emulator.report().begun)
            if build == "this build":
                print(f"`{name}`:\n")
                for number, wave in enumerate(chain, 1):
                    calls = [f"{wave.count(one)} {one}" if wave.count(one) > 1 else one for one in dict.fromkeys(wave)]
                    print(f"{number}. {', '.join(calls)}")
                print()
            rows.append([f"{name}, {build}", str(len(chain)), str(AT_MOST[name]), f"{cost.wall:.2f} s"])
    table("command | round trips | at most | wall", rows)
