#!/usr/bin/env python3
"""A small reverse proxy in front of a moto server: it counts calls, can delay them, and fills one gap.

The gap: moto has no resource policy on model package groups. Get-, Put- and DeleteModelPackageGroupPolicy are answered
from memory, per account and group. Everything else is moto's. Standard library only.

    moto_front.py --upstream http://127.0.0.1:5000       prints its own address, then serves until it is ended

    GET  /front/report   {"calls": {operation: count}, "accounts": {account id: seconds from first call to last answer},
                          "busy": seconds in which at least one call was waiting for its answer}
    POST /front/reset    forgets policies and counts; the body {"delay_ms": 50} delays every later call
"""

import argparse
import http.client
import http.server
import json
import re
import sys
import threading
import time
import urllib.parse
from collections import Counter

DEFAULT_ACCOUNT = "123456789012"  # the account that moto gives to credentials it does not know
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
# Not verified against AWS; two resource providers for AWS know it by "Cannot find resource policy".
NO_POLICY = "Cannot find resource policy for: {arn}"


class State:
    """All that the front remembers; every handler thread shares it."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.lock = threading.Lock()
        self.accounts: dict[str, str] = {}  # access key id -> account id, learned from AssumeRole answers
        self.reset(0)

    def reset(self, delay_ms: float) -> None:
        self.delay = delay_ms / 1000
        self.policies: dict[tuple[str, str], str] = {}
        self.calls: Counter[str] = Counter()
        self.spans: dict[str, tuple[float, float]] = {}
        self.in_flight, self.busy, self.busy_since = 0, 0.0, 0.0

    def report(self) -> dict[str, object]:
        spans = {account: last - first for account, (first, last) in self.spans.items()}
        return {"calls": dict(sorted(self.calls.items())), "accounts": spans, "busy": self.busy}

    def begin(self) -> float:
        with self.lock:
            now = time.monotonic()
            if self.in_flight == 0:
                self.busy_since = now
            self.in_flight += 1
            return now

    def end(self, operation: str, account: str, started: float) -> None:
        with self.lock:
            now = time.monotonic()
            self.calls[operation] += 1
            first, _last = self.spans.get(account, (started, started))
            self.spans[account] = (first, now)
            self.in_flight -= 1
            if self.in_flight == 0:
                self.busy += now - self.busy_since


def operation_name(method: str, path: str, target: str | None, body: bytes) -> str:
    """Name the call as AWS does, whichever of its protocols it came in."""
    if target:
        return target.rpartition(".")[2]
    if found := re.search(rb"(?:^|&)Action=(\w+)", body):
        return found[1].decode()
    place = urllib.parse.urlsplit(path)
    if re.fullmatch(r"/endpoints/[^/]+/invocations", place.path):
        return "InvokeEndpoint"
    # S3's own: of a query, what it is asked for, without its values
    asked = [name for name in ("policy", "acl", "list-type") if name in place.query]
    what = "object" if "/" in place.path.strip("/") else "bucket"
    return " ".join([method, what, *asked])


class Front(http.server.BaseHTTPRequestHandler):
    """One client connection; it keeps one connection to moto as long as moto does."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    state: State
    connection_to_moto: http.client.HTTPConnection | None = None

    def handle_call(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/front/"):
            self.control(body)
            return
        started = self.state.begin()
        time.sleep(self.state.delay)
        operation = operation_name(self.command, self.path, self.headers.get("X-Amz-Target"), body)
        found = re.search(r"Credential=([^/]+)/\d+/([^/]+)/", self.headers.get("Authorization", ""))
        key, region = found.groups() if found else ("", "us-east-1")
        account = self.state.accounts.get(key, DEFAULT_ACCOUNT)
        if operation.endswith("ModelPackageGroupPolicy"):
            status, answer = self.group_policy(operation, account, region, json.loads(body))
            self.send(status, [("Content-Type", "application/x-amz-json-1.1")], json.dumps(answer).encode())
        else:
            self.forward(operation, body)
        self.state.end(operation, account, started)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_PATCH = handle_call  # noqa: N815

    def control(self, body: bytes) -> None:
        answer: object = {}
        with self.state.lock:
            if self.path == "/front/reset":
                self.state.reset(json.loads(body or b"{}").get("delay_ms", 0))
            elif self.path == "/front/report":
                answer = self.state.report()
        self.send(200, [("Content-Type", "application/json")], json.dumps(answer).encode())

    def group_policy(self, operation: str, account: str, region: str, request: dict) -> tuple[int, dict]:
        name = request["ModelPackageGroupName"]
        if name.startswith("arn:"):
            _, _, _, region, account, resource = name.split(":", 5)
            name = resource.partition("/")[2]
        arn = f"arn:aws:sagemaker:{region}:{account}:model-package-group/{name}"
        with self.state.lock:
            if operation.startswith("Put"):
                self.state.policies[account, arn] = request["ResourcePolicy"]
                return 200, {"ModelPackageGroupArn": arn}
            if (account, arn) not in self.state.policies:
                return 400, {"__type": "ValidationException", "message": NO_POLICY.format(arn=arn)}
            if operation.startswith("Delete"):
                del self.state.policies[account, arn]
                return 200, {}
            return 200, {"ResourcePolicy": self.state.policies[account, arn]}

    def forward(self, operation: str, body: bytes) -> None:
        if self.connection_to_moto is None:
            self.connection_to_moto = http.client.HTTPConnection(self.state.upstream, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        self.connection_to_moto.request(self.command, self.path, body, headers)
        answer = self.connection_to_moto.getresponse()
        content = answer.read()
        if operation == "AssumeRole" and answer.status == 200:
            key = re.search(rb"<AccessKeyId>([^<]+)", content)
            account = re.search(rb"arn:[^:<]*:sts::(\d{12}):assumed-role", content)
            if key and account:
                self.state.accounts[key[1].decode()] = account[1].decode()
        self.send(answer.status, [h for h in answer.getheaders() if h[0].lower() not in HOP_BY_HOP], content)

    def send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True, metavar="URL")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    arguments = parser.parse_args()
    Front.state = State(urllib.parse.urlsplit(arguments.upstream).netloc)
    server = Server(("127.0.0.1", arguments.port), Front)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
