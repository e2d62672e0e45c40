"""A load of chat streams: `modeldeploy test` beside aiperf and guidellm, in turns.

All three open their streams to bench/tokens.c at once, and count tokens by what it says of its usage. It has no model,
so its tokens come on time, and it logs when they really went: what a tool reports can be compared with that.
"""

import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from limits import Table

BUILT = Path(__file__).resolve().parent.parent / "target" / "bench"
TOKENS = BUILT / "tokens"
FIRST_MS, INTER_MS = 500, 50
LEAST_RATIO, MOST_OFF_PERCENT = 20, 2
TIMES = ("TTFT p50", "TTFT p99", "inter-token p50", "inter-token p99")
PROMPT = "What do I need to know before I travel to Switzerland?"


@dataclass
class Cost:
    """What a tool took, with all processes that it started."""

    cpu: float  # user and system, seconds
    peak: float  # MiB


@dataclass
class Load:
    """So many streams at once, of so many tokens each, to a server."""

    streams: int
    tokens: int
    url: str
    scratch: Path


@dataclass
class Tool:
    """How a tool is told to send a load, and what its report says: the times as in TIMES, and how many streams passed."""

    name: str
    command: Callable[[Load], list[str]]
    report: Callable[[Path], tuple[list[float], int]]


def memory_of(session: int) -> float:
    """MiB of all processes of a session, what they share counted once."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) != session:
                continue
            lines = (folder / "smaps_rollup").read_text().splitlines()
        except (OSError, IndexError):
            continue  # it ended meanwhile
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def watch(command: list[str], scratch: Path) -> Cost:
    """Run a tool in a session of its own, and look at its memory four times a second."""
    foreign = ("AWS_", "MODELDEPLOY_", "AIPERF_", "GUIDELLM_", "HF_", "TRANSFORMERS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    log = scratch / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, cwd=scratch, start_new_session=True
        )
    peak = 0.0
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        peak = max(peak, memory_of(process.pid))
        time.sleep(0.25)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"error: `{' '.join(command)}` ended with {process.returncode}\n{log.read_text()}")
    return Cost(usage.ru_utime + usage.ru_stime, peak)


def modeldeploy(binary: Path) -> Tool:
    def command(load: Load) -> list[str]:
        # So short that no stream is over before the last one was opened: each is opened once.
        seconds = load.tokens * INTER_MS / 2000
        case = {"name": "streams", "mode": "chat", "messages": [{"role": "user", "content": PROMPT}]}
        case |= {"load": {"concurrency": load.streams, "duration": f"{seconds * 1000:.0f}ms"}}
        (load.scratch / "cases.yml").write_text(json.dumps({"version": 1, "cases": [case]}))
        results = ["--export-test-results", "results.json"]
        return [str(binary), "-q", "test", "--model-url", load.url, "--cases", "cases.yml", *results]

    def report(scratch: Path) -> tuple[list[float], int]:
        [case] = json.loads((scratch / "results.json").read_text())["accounts"][0]["cases"]
        first, between = case["tokens"]["ttftMs"], case["tokens"]["interTokenMs"]
        return [first["p50"], first["p99"], between["p50"], between["p99"]], case["invocations"] - case["failed"]

    return Tool("modeldeploy", command, report)


def installed(name: str) -> Distribution:
    [found] = distributions(name=name, path=[str(path) for path in (BUILT / name).glob("lib/python*/site-packages")])
    return found


def tokenizer(scratch: Path) -> str:
    """Make one that knows one word: both peers need one, and it must not come from a hub."""
    folder = scratch / "tokenizer"
    folder.mkdir(exist_ok=True)
    model = {"type": "WordLevel", "vocab": {"[UNK]": 0, "word": 1}, "unk_token": "[UNK]"}
    whole = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": model}
    (folder / "tokenizer.json").write_text(json.dumps(whole))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return str(folder)


def aiperf() -> Tool:
    def command(load: Load) -> list[str]:
        (load.scratch / "prompts.jsonl").write_text(json.dumps({"text": PROMPT}) + "\n")
        sent = ["--input-file", "prompts.jsonl", "--custom-dataset-type", "single-turn"]
        often = ["--concurrency", str(load.streams), "--request-count", str(load.streams)]
        # Nothing that it does by default and that no other tool here does.
        less = ["--use-server-token-count", "--no-gpu-telemetry", "--no-server-metrics", "--ui", "none"]
        told = ["--model", "stand-in", "--tokenizer", tokenizer(load.scratch), "--url", load.url]
        out = ["--export-level", "summary", "--output-artifact-dir", "aiperf"]
        return [str(BUILT / "aiperf" / "bin" / "aiperf"), "profile", "--streaming", *told, *sent, *often, *less, *out]

    def report(scratch: Path) -> tuple[list[float], int]:
        said = json.loads((scratch / "aiperf" / "profile_export_aiperf.json").read_text())
        # Its "inter token latency" is an average of each stream; this one is of all gaps.
        first, between = said["time_to_first_token"], said["inter_chunk_latency"]
        return [first["p50"], first["p99"], between["p50"], between["p99"]], int(said["request_count"]["avg"])

    return Tool(f"aiperf {installed('aiperf').version}", command, report)


def guidellm() -> Tool:
    def command(load: Load) -> list[str]:
        (load.scratch / "prompts.txt").write_text(f"{PROMPT}\n" * load.streams)
        to = f"kind=openai_http,target={load.url},model=stand-in,request_format=/v1/chat/completions"
        often = ["--profile", f"kind=concurrent,streams={load.streams}"]
        often += ["--constraint", f"kind=max_requests,count={load.streams}"]
        sent = ["--data", "kind=text_file,path=prompts.txt"]
        sent += ["--tokenizer", f"kind=hf_auto,model={tokenizer(load.scratch)}"]
        out = ["--output", "kind=json,path=guidellm.json", "--disable-console"]
        return [str(BUILT / "guidellm" / "bin" / "guidellm"), "run", "--backend", to, *often, *sent, *out]

    def report(scratch: Path) -> tuple[list[float], int]:
        [said] = json.loads((scratch / "guidellm.json").read_text())["benchmarks"]
        names = ("time_to_first_token_ms", "inter_token_latency_ms")
        times = [said["metrics"][name]["successful"]["percentiles"] for name in names]
        return [of[name] for of in times for name in ("p50", "p99")], said["metrics"]["request_totals"]["successful"]

    return Tool(f"guidellm {installed('guidellm').version}", command, report)


@dataclass
class Turn:
    """What came of one load that a tool sent."""

    cost: Cost
    reported: list[float]  # as in TIMES
    logged: list[float]
    passed: int
    most_open: int

    def off_percent(self, which: int) -> float:
        return 100 * (self.reported[which] / self.logged[which] - 1)


def send(tool: Tool, streams: int, tokens: int, scratch: Path) -> Turn:
    flags = [str(FIRST_MS), str(INTER_MS), str(tokens)]
    with subprocess.Popen([str(TOKENS), *flags], stdout=subprocess.PIPE, text=True) as server:
        try:
            load = Load(streams, tokens, server.stdout.readline().strip(), scratch)
            cost = watch(tool.command(load), scratch)
        finally:
            server.send_signal(signal.SIGTERM)
        log = json.loads(server.stdout.read())
    reported, passed = tool.report(scratch)
    logged = [log[of][name] for of in ("ttft_ms", "inter_token_ms") for name in ("p50", "p99")]
    return Turn(cost, reported, logged, passed, log["most_open"])


def bench_streams(binary: Path, scratch: Path, table: Table, quick: bool) -> None:
    streams, tokens, turns = (50, 40, 1) if quick else (1_000, 300, 3)
    tools = [modeldeploy(binary), aiperf(), guidellm()]
    seen: list[list[Turn]] = [[] for _ in tools]
    for _ in range(turns):
        for tool, sent in zip(tools, seen, strict=True):
            sent.append(send(tool, streams, tokens, scratch))
    if any((turn.passed, turn.most_open) != (streams, streams) for turn in seen[0]):
        raise SystemExit(f"error: {streams} streams were to be open at once, and to pass: {seen[0]}")
    costs, times = [], []
    for tool, sent in zip(tools, seen, strict=True):
        cpu, peak = (statistics.median(getattr(turn.cost, of) for turn in sent) for of in ("cpu", "peak"))
        own_cpu, own_peak = (cpu, peak) if not costs else (own_cpu, own_peak)
        least = [f"{min(getattr(turn, of) for turn in sent):,}" for of in ("most_open", "passed")]
        costs.append([tool.name, *least, f"{cpu:.1f} s", f"{cpu / own_cpu:.1f}", f"{peak:.0f} MiB", f"{peak / own_peak:.1f}"])
        cells = []
        for which in range(len(TIMES)):
            said, true = (statistics.median(getattr(turn, of)[which] for turn in sent) for of in ("reported", "logged"))
            off = statistics.median(turn.off_percent(which) for turn in sent)
            cells.append(f"{said:.1f} / {true:.1f}: **{off:+.1f} %**")
        times.append([tool.name, *cells])
    print(f"## test: {streams:,} chat streams at once, beside aiperf and guidellm\n")
    print(f"{1000 / INTER_MS:.0f} tokens a second each, {tokens} in all, against bench/tokens.c, which has no model. Medians of {turns}, in")
    print("turns; of the streams, the fewest. The whole run counts, with all processes that a tool starts. Aim: CPU time and")
    print(f"memory of either peer are at least {LEAST_RATIO} times those of modeldeploy.\n")
    table("tool | open at once | passed | CPU time | times ours | peak memory | times ours", costs)
    print("What the tool reports / what the server logged, in milliseconds, and how far off it is (median of the turns).")
    print(f"Aim: modeldeploy is at most {MOST_OFF_PERCENT} % off. guidellm's inter-token latency is an average of each stream, its p99 no")
    print("figure of gaps.\n")
    table(f"tool | {' | '.join(TIMES)}", times)
