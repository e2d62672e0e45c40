"""A headless Chromium of its own, spoken to over a pipe: nothing to install beside the browser."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import fetch

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]
PATIENCE = 60


def find(folder: Path) -> tuple[str, dict[str, str]] | None:
    """The browser to use and the environment it needs: that of $CHROMIUM, else one on the path, else one in `folder`."""
    asked = os.environ.get("CHROMIUM")
    known = shutil.which(asked) if asked else next(filter(None, map(shutil.which, NAMES)), None)
    if known or asked:
        return (known, {}) if known else None
    fetched = fetch.chromium(folder)
    return fetched and (str(fetched[0]), fetched[1])


class Chromium:
    """One process with one page; `with Chromium(*find(folder)) as page: page.call("Page.navigate", url=...)`."""

    def __init__(self, path: str, environment: dict[str, str]):
        self.path = path
        self.environment = environment
        self.events: list[dict] = []
        self.number = 0
        self.pending = b""
        self.session: str | None = None

    def __enter__(self) -> "Chromium":
        self.profile = tempfile.TemporaryDirectory(prefix="modeldeploy-browser-", ignore_cleanup_errors=True)
        their_in, self.writer = os.pipe()
        self.reader, their_out = os.pipe()
        # The protocol's pipes are descriptors 3 and 4, whatever numbers they have here.
        command = f'exec "$0" "$@" 3<&{their_in} 4>&{their_out}'
        self.process = subprocess.Popen(
            ["bash", "-c", command, self.path, *FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"],
            pass_fds=(their_in, their_out),
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_in)
        os.close(their_out)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_) -> None:
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(timeout=10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.reader)
        os.close(self.writer)
        self.profile.cleanup()

    def call(self, method: str, **params) -> dict:
        """Sends a command and waits for its answer; events that come in between are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.writer, data) :]
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method: str) -> None:
        """Waits for an event that has not come since the events were last cleared."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def receive(self) -> dict:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.pending:
            ready, _, _ = select.select([self.reader], [], [], max(0, end - time.monotonic()))
            part = os.read(self.reader, 1 << 20) if ready else b""
            if not part:
                raise RuntimeError(f"the browser {'went away' if ready else 'did not answer'}")
            self.pending += part
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def open(self, url: str) -> None:
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression: str):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")
