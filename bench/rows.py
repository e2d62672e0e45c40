"""A dataset of 1,000,000 rows: `modeldeploy test` beside a script with pandas and requests, in turns."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from limits import BARE, CLIENT_CORE, Table, Tester, case, server

BENCH = Path(__file__).resolve().parent
PYTHON = BENCH.parent / "target" / "bench" / "venv" / "bin" / "python"
MOST_MIB, LEAST_RATIO = 64, 20


def write(file: Path, rows: int) -> None:
    with file.open("w") as out:
        out.write("a,b,c,d,label\n")
        for number in range(rows):
            out.write(f"{number % 97}.5,3.5,1.4,0.{number % 89},setosa\n")


def script(scratch: Path, url: str, file: Path, batch: int) -> tuple[float, float]:
    """Wall time in seconds and peak memory in MiB."""
    cost = scratch / "rows-cost"
    measure = [sys.executable, "-I", "-S", str(BENCH / "measure.py"), str(cost)]
    command = [str(PYTHON), str(BENCH / "rows_pandas.py"), url, str(file), str(batch)]
    environment = os.environ | {"NO_PROXY": "127.0.0.1"}
    whole = ["taskset", "-c", CLIENT_CORE, *measure, *command]
    said = subprocess.run(whole, env=environment, capture_output=True, text=True)
    code, wall, _, peak = cost.read_text().split()
    if code != "0" or float(said.stdout) != 1:
        raise SystemExit(f"error: the script ended with {code}: {said.stdout}{said.stderr}")
    return float(wall), float(peak) / 1024


def bench_rows(tester: Tester, table: Table, quick: bool) -> None:
    rows, turns = (20_000, 1) if quick else (1_000_000, 3)
    file = tester.scratch / "rows.csv"
    write(file, rows)
    lines = []
    for batch in (25, 1_000):
        dataset = {"file": file.name, "label": "label", "batch_size": batch, "prediction": "$.predictions[*].label"}
        dataset |= {"gates": {"accuracy": {"min": 1}}}
        sent = case("rows", dataset=dataset)
        del sent["body"]
        pairs = []
        with server(str(BARE), str(batch)) as url:
            for _ in range(turns):
                [account], ours, peak = tester.run([sent], "--model-url", url)
                if not account["success"]:
                    raise SystemExit(f"error: the dataset failed: {account['cases'][0]['failures']}")
                theirs, their_peak = script(tester.scratch, url, file, batch)
                pairs.append((ours, theirs, theirs / ours, peak, their_peak))
        ours, theirs, ratio, peak, their_peak = (statistics.median(values) for values in zip(*pairs, strict=True))
        memory = f"{peak:.0f} MiB", f"{their_peak:.0f} MiB"
        lines.append([f"{batch:,}", f"{ours:.2f} s", f"{theirs:.1f} s", f"{ratio:.1f}", *memory])
    print(f"## test: a dataset of {rows:,} rows, beside pandas and requests\n")
    print(f"Against a server that answers at once, on a core of its own; medians of {turns}, in turns. Wanted: at least")
    print(f"{LEAST_RATIO} times as fast, under {MOST_MIB} MiB.\n")
    table("rows a request | modeldeploy | script | ratio | memory | script's memory", lines)
