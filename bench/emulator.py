"""moto's own server, which counts its calls, can delay and throttle them, and has one gap filled.

All is in one process, so that a call costs both sides of the bench what moto takes for it and nothing else.

The gap: moto has no resource policy on model package groups. Get-, Put- and DeleteModelPackageGroupPolicy are answered
from memory, per account and group. Everything else is moto's.
"""

import http.server
import io
import json
import re
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from socket import socket
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

DEFAULT_ACCOUNT = "123456789012"  # the account that moto gives to credentials it does not know
OWN_HEADERS = {"Connection", "Content-Length", "Date", "Server"}  # which the connection says itself
# Not verified against AWS; two resource providers for AWS know it by "Cannot find resource policy".
NO_POLICY = "Cannot find resource policy for: {arn}"


@dataclass
class Report:
    """What was called since the last reset."""

    calls: dict[str, int]  # by operation
    accounts: dict[str, float]  # seconds from the first call to the last answer, by account id
    busy: float  # seconds in which at least one call was waiting for its answer
    begun: list[tuple[float, str]]  # when each call came, and its operation


class Emulator:
    """A server on a free loopback port, until the process ends; every thread of its calls shares what it remembers."""

    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.lock = threading.Lock()
        self.turn = threading.Lock()  # moto keeps no order among calls at once; in turns, none slows down another
        self.assumed: dict[str, str] = {}  # access key id -> account id, learned from AssumeRole answers
        self.reset()
        server = Server(("127.0.0.1", 0), Connection)
        server.set_app(self)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def reset(self, delay_ms: float = 0, throttled: dict[str, int] | None = None) -> None:
        """Forget policies and counts, delay every later call, and throttle the first calls of operations."""
        with self.lock:
            self.delay = delay_ms / 1000
            self.throttled = Counter(throttled or {})
            self.begun: list[tuple[float, str]] = []
            self.policies: dict[tuple[str, str], str] = {}
            self.calls: Counter[str] = Counter()
            self.spans: dict[str, tuple[float, float]] = {}
            self.in_flight, self.busy, self.busy_since = 0, 0.0, 0.0

    def report(self) -> Report:
        with self.lock:
            spans = {account: last - first for account, (first, last) in self.spans.items()}
            return Report(dict(sorted(self.calls.items())), spans, self.busy, sorted(self.begun))

    def answer(self, environ: dict, body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        """Answer one call by a status, headers and a body."""
        operation = operation_name(environ, body)
        started, throttled = self.begin(operation)
        time.sleep(self.delay)
        found = re.search(r"Credential=([^/]+)/\d+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        key, region = found.groups() if found else ("", "us-east-1")
        account = self.assumed.get(key, DEFAULT_ACCOUNT)
        if throttled:
            status = "400 Bad Request"
            headers, content = throttling(operation)
        elif operation.endswith("ModelPackageGroupPolicy"):
            status, found = self.group_policy(operation, account, region, json.loads(body))
            headers, content = [("Content-Type", "application/x-amz-json-1.1")], json.dumps(found).encode()
        else:
            with self.turn:
                parts, status, answered = run_wsgi_app(self.moto, environ, buffered=True)
            content, headers = b"".join(parts), [header for header in answered if header[0] not in OWN_HEADERS]
            if operation == "AssumeRole":
                self.learn(content)
        self.end(operation, account, started)
        return status, headers, content

    def begin(self, operation: str) -> tuple[float, bool]:
        with self.lock:
            now = time.monotonic()
            self.begun.append((now, operation))
            throttled = self.throttled[operation] > 0
            self.throttled[operation] -= throttled
            if self.in_flight == 0:
                self.busy_since = now
            self.in_flight += 1
            return now, throttled

    def end(self, operation: str, account: str, started: float) -> None:
        with self.lock:
            now = time.monotonic()
            self.calls[operation] += 1
            first, _last = self.spans.get(account, (started, started))
            self.spans[account] = (first, now)
            self.in_flight -= 1
            if self.in_flight == 0:
                self.busy += now - self.busy_since

    def learn(self, answer: bytes) -> None:
        key = re.search(rb"<AccessKeyId>([^<]+)", answer)
        account = re.search(rb"arn:[^:<]*:sts::(\d{12}):assumed-role", answer)
        if key and account:
            self.assumed[key[1].decode()] = account[1].decode()

    def group_policy(self, operation: str, account: str, region: str, request: dict) -> tuple[str, dict]:
        name = request["ModelPackageGroupName"]
        if name.startswith("arn:"):
            _, _, _, region, account, resource = name.split(":", 5)
            name = resource.partition("/")[2]
        arn = f"arn:aws:sagemaker:{region}:{account}:model-package-group/{name}"
        with self.lock:
            if operation.startswith("Put"):
                self.policies[account, arn] = request["ResourcePolicy"]
                return "200 OK", {"ModelPackageGroupArn": arn}
            if (account, arn) not in self.policies:
                return "400 Bad Request", {"__type": "ValidationException", "message": NO_POLICY.format(arn=arn)}
            if operation.startswith("Delete"):
                del self.policies[account, arn]
                return "200 OK", {}
            return "200 OK", {"ResourcePolicy": self.policies[account, arn]}


class Connection(WSGIRequestHandler):
    """One client's connection, kept open as AWS keeps it; moto's own server opens one for each call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 30  # seconds without a call, after which its thread is free
    handle = http.server.BaseHTTPRequestHandler.handle

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environ = self.get_environ() | {
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
        }
        status, headers, content = self.server.get_app().answer(environ, body)
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_PATCH = answer  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        pass


class Server(ThreadingMixIn, WSGIServer):
    """As many connections at once as the bench opens; threads stay, since to start one costs as much as a call."""

    request_queue_size = 512
    threads = ThreadPoolExecutor(max_workers=512)

    def process_request(self, request: socket, client_address: tuple) -> None:
        self.threads.submit(self.process_request_thread, request, client_address)


def throttling(operation: str) -> tuple[list[tuple[str, str]], bytes]:
    """Give headers and body as the operation's service refuses a call too many."""
    if operation == "AssumeRole":
        error = "<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
        text = f"<ErrorResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>{error}</ErrorResponse>"
        return [("Content-Type", "text/xml")], text.encode()
    code = "TooManyRequestsException" if operation == "ListAccountsForParent" else "ThrottlingException"
    body = json.dumps({"__type": code, "message": "Rate exceeded"})
    return [("Content-Type", "application/x-amz-json-1.1")], body.encode()


def operation_name(environ: dict, body: bytes) -> str:
    """Name the call as AWS does, whichever of its protocols it came in."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rpartition(".")[2]
    if found := re.search(rb"(?:^|&)Action=(\w+)", body):
        return found[1].decode()
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    if re.fullmatch(r"/endpoints/[^/]+/invocations", path):
        return "InvokeEndpoint"
    # S3's own: of a query, what it is asked for, without its values
    asked = [name for name in ("policy", "acl", "list-type") if name in query]
    what = "object" if "/" in path.strip("/") else "bucket"
    return " ".join([environ["REQUEST_METHOD"], what, *asked])
