#!/usr/bin/env python3
"""Runs each example's cases against the real server, in a virtual environment of its own with pinned packages.

    servers.py BINARY FOLDER [--write docs/testing-servers.md] [NAME...]

It fails if an example's cases do not all pass. FOLDER keeps the environments and what the servers said; --write puts what
was seen into a page, in the place of the table there.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
HEAD = "| server | with | cases |\n|---|---|---|\n"


@dataclass
class Server:
    name: str
    packages: list[str]  # whose versions are told
    flags: tuple[str, ...] = ()
    needs: str | None = None


SERVERS = [
    Server("mlflow", ["mlflow", "scikit-learn"]),
    Server(
        "mlserver",
        ["mlserver", "mlserver-sklearn"],
        ("--health-path", "/v2/health/ready", "--invocations-path", "/v2/models/iris/infer"),
    ),
    Server("sagemaker-inference", ["sagemaker-inference", "multi-model-server"], needs="java"),
    Server("litserve", ["litserve", "scikit-learn"]),
]


def environment(server: Server, folder: Path) -> Path:
    """The Python with the server's packages; made anew where the pins changed."""
    pins = (EXAMPLES / server.name / "requirements.txt").read_bytes()
    stamp, digest = folder / "made-from", hashlib.sha256(pins).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        venv.create(folder, clear=True, with_pip=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", EXAMPLES / server.name / "requirements.txt"], check=True)
        stamp.write_text(digest)
    return folder / "bin" / "python"


def versions(python: Path, packages: list[str]) -> str:
    said = "import sys, importlib.metadata as m; print(', '.join(f'{p} {m.version(p)}' for p in sys.argv[1:]))"
    return subprocess.run([python, "-c", said, *packages], check=True, capture_output=True, text=True).stdout.strip()


def free_port() -> int:
    """A port with two free ones above, which MLServer takes; Multi Model Server refuses what a system gives (49152 and more)."""
    for port in range(18080, 32000, 10):
        try:
            for offset in range(3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + offset))
            return port
        except OSError:
            continue
    raise SystemExit("error: no port is free")


def run(server: Server, binary: Path, folder: Path) -> str | None:
    """A row of the table; none if a case failed."""
    if server.needs and not shutil.which(server.needs):
        raise SystemExit(f"error: {server.needs} is missing, which {server.name} runs on")
    python = environment(server, folder / "venv")
    scratch, port = folder / "run", str(free_port())
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    example, results = EXAMPLES / server.name, folder / "results.json"
    with (folder / "server.log").open("wb") as log:
        # A group of its own: these servers start others, which end with it.
        process = subprocess.Popen(
            [python, example / "serve.py", port, scratch], stdout=log, stderr=log, start_new_session=True
        )
    try:
        asked = ["--model-url", f"http://127.0.0.1:{port}", "--wait", "5m", *server.flags]
        files = ["--cases", example / "cases.yml", "--files-within", EXAMPLES.parent, "--export-test-results", results]
        code = subprocess.run([binary, "test", *asked, *files], env=os.environ | {"NO_PROXY": "127.0.0.1"}).returncode
    finally:
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    if code != 0:
        print(f"error: {server.name}: the test ended with {code}; it said: {folder / 'server.log'}", file=sys.stderr)
        return None
    [account] = json.loads(results.read_text())["accounts"]
    what, by = versions(python, server.packages).split(", ")
    return f"| {what} | {by} | {len(account['cases'])} passed |\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", type=Path, metavar="PAGE")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(server.name for server in SERVERS))
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {server.name for server in SERVERS}
    if unknown:
        parser.error(f"no such example: {', '.join(sorted(unknown))}")
    chosen = [server for server in SERVERS if not arguments.names or server.name in arguments.names]
    binary, folder = arguments.binary.resolve(), arguments.folder.resolve()
    rows = [run(server, binary, folder / server.name) for server in chosen]
    print(HEAD + "".join(filter(None, rows)), end="")
    if not all(rows):
        raise SystemExit(1)
    if arguments.write and len(chosen) == len(SERVERS):
        page = arguments.write.read_text()
        table = re.compile(re.escape(HEAD) + r"(?:\|.*\n)*")
        if not table.search(page):
            raise SystemExit(f"error: {arguments.write} has no table with this head:\n{HEAD}")
        arguments.write.write_text(table.sub(lambda _: HEAD + "".join(rows), page))


if __name__ == "__main__":
    main()
