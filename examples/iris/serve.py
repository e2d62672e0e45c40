#!/usr/bin/env python3
"""Serves model.json the way SageMaker expects it of a container: GET /ping and POST /invocations over HTTP/1.1.

Needs nothing but Python 3.8, so that it runs on any laptop. train.py asks the same `answer` in process to record what
world.json replays. The flags under "faults" break the server on purpose, so that a test can prove that a gate fails.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import select
import signal
import socketserver
import sys
import threading
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator, NamedTuple

JSON = "application/json"
CSV = "text/csv"
TEXT = "text/plain; charset=utf-8"
# SageMaker's own limit for a real-time request.
MAX_BODY_BYTES = 25 * 1024 * 1024
# How long SIGTERM waits for answers under way; SageMaker sends SIGKILL after 30 s.
DRAIN_SECONDS = 10


class Refused(Exception):
    """A request that the model does not answer, with the status and the one line that say why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Prediction(NamedTuple):
    label: str
    score: float


class Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes


class Model:
    """A scaler and a multinomial logistic regression, read from the JSON that train.py wrote."""

    def __init__(self, document: dict) -> None:
        self.features = document["features"]
        self.classes = document["classes"]
        self.means = document["means"]
        self.scales = document["scales"]
        self.coefficients = document["coefficients"]
        self.intercepts = document["intercepts"]

    @classmethod
    def load(cls, path: Path) -> Model:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def probabilities(self, row: list[float]) -> list[float]:
        scaled = [(value - mean) / scale for value, mean, scale in zip(row, self.means, self.scales)]
        logits = [
            intercept + sum(weight * value for weight, value in zip(weights, scaled))
            for weights, intercept in zip(self.coefficients, self.intercepts)
        ]
        # Shifted by the largest, so that exp() cannot overflow.
        top = max(logits)
        exponentials = [math.exp(logit - top) for logit in logits]
        total = sum(exponentials)
        return [exponential / total for exponential in exponentials]

    def predict(self, row: list[float]) -> Prediction:
        probabilities = self.probabilities(row)
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        return Prediction(self.classes[best], round(probabilities[best], 4))


def answer(model: Model, content_type: str, accept: str, body: bytes) -> Answer:
    """Answers one request, refused ones included; HTTP and the faults stay outside."""
    try:
        media_type = acceptable(accept)
        rows = read_rows(content_type, body, len(model.features))
        predictions = [model.predict(row) for row in rows]
    except Refused as refused:
        return Answer(refused.status, TEXT, refused.message.encode())
    if media_type == CSV:
        text = "".join(f"{prediction.label},{prediction.score}\n" for prediction in predictions)
    else:
        text = json.dumps({"predictions": [prediction._asdict() for prediction in predictions]})
    return Answer(200, media_type, text.encode())


def acceptable(accept: str) -> str:
    """Picks the answer's media type out of an Accept header; JSON wins a tie."""
    best, best_quality = "", 0.0
    for media_type in (JSON, CSV):
        quality = quality_of(media_type, accept or "*/*")
        if quality > best_quality:
            best, best_quality = media_type, quality
    if not best:
        raise Refused(406, f"cannot answer as {quoted(accept)}: this model answers as {JSON} or {CSV}")
    return best


def quality_of(media_type: str, accept: str) -> float:
    """The quality value of the most specific range that covers the media type, 0 if none does."""
    ranges = {media_type: 3, media_type.split("/")[0] + "/*": 2, "*/*": 1}
    found, specificity = 0.0, 0
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if ranges.get(name, 0) > specificity:
            specificity = ranges[name]
            found = next((number(p[2:]) or 0.0 for p in parameters if p.startswith("q=")), 1.0)
    return found


def read_rows(content_type: str, body: bytes, width: int) -> list[list[float]]:
    media_type = content_type.split(";")[0].strip().lower()
    if media_type not in (CSV, JSON):
        raise Refused(415, f"cannot read content type {quoted(content_type)}: this model reads {CSV} or {JSON}")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8: byte {error.start}") from None
    rows = csv_rows(text) if media_type == CSV else json_rows(text)
    if not rows:
        raise Refused(400, f"the body holds no row: send one or more rows of {width} numbers")
    return [read_row(row, index, width) for index, row in enumerate(rows, start=1)]


def csv_rows(text: str) -> list[list[str]]:
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.split(",") for line in lines]


def json_rows(text: str) -> list[list]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from None
    rows = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refused(400, 'the body must be {"instances": [[number, ...], ...]}')
    return rows


def read_row(cells: list, row: int, width: int) -> list[float]:
    values = []
    for column, cell in enumerate(cells, start=1):
        value = number(cell)
        if value is None:
            raise Refused(400, f"could not convert row {row}, column {column} to a number: {quoted(cell)}")
        values.append(value)
    if len(values) != width:
        raise Refused(400, f"row {row} has {len(values)} columns, expected {width}")
    return values


def number(cell: object) -> float | None:
    """A finite number of a sane size, or None. Python alone would also take "1_0", "nan", "inf" and True."""
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return None
    if isinstance(cell, str) and "_" in cell:
        return None
    try:
        value = float(cell)
    except (ValueError, OverflowError):
        return None
    return value if abs(value) < 1e9 else None


def quoted(value: object) -> str:
    """On one line, in quotes if it is text, and cut: it may be anything that a caller sent."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # TCP_NODELAY: without it, the kernel may hold an answer back for 40 ms.
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self.route("GET")

    def do_POST(self) -> None:
        self.route("POST")

    def route(self, method: str) -> None:
        try:
            body = self.read_body()
        except Refused as refused:
            # Where the next request on this connection begins is unknown now.
            self.close_connection = True
            self.say(refused.status, refused.message)
            return
        allowed = {"/ping": "GET", "/invocations": "POST"}.get(self.path)
        if allowed is None:
            self.say(404, "only GET /ping and POST /invocations are here")
        elif allowed != method:
            self.say(405, f"{self.path} takes {allowed} only", allow=allowed)
        elif method == "GET":
            self.send(Answer(200, TEXT, b""))
        else:
            with self.server.answering():
                self.invoke(body)

    def invoke(self, body: bytes) -> None:
        faults = self.server.faults
        turn = next(self.server.turns)
        if faults.hang:
            self.hang()
            return
        self.server.pause(faults.delay_ms)
        if faults.stall_every and turn % faults.stall_every == 0:
            self.server.pause(faults.stall_ms)
        if faults.status:
            self.say(faults.status, f"started with --status {faults.status}")
            return
        reply = answer(self.server.model, self.headers.get("Content-Type", ""), self.headers.get("Accept", ""), body)
        if faults.stream_chunks and self.request_version != "HTTP/1.0":
            self.stream(reply)
        else:
            self.send(reply)

    def hang(self) -> None:
        """Holds the connection without an answer until the caller gives up or the server ends."""
        self.close_connection = True
        while not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.2)
            if readable and not self.connection.recv(1024):
                return

    def stream(self, reply: Answer) -> None:
        """The body in at most --stream-chunks chunks; a drop leaves out the rest and the chunk that ends a stream."""
        faults = self.server.faults
        size = math.ceil(len(reply.body) / faults.stream_chunks)
        chunks = [reply.body[start : start + size] for start in range(0, len(reply.body), size)]
        self.wfile.write(self.head(reply.status, content_type=reply.content_type, transfer_encoding="chunked"))
        for index, chunk in enumerate(chunks[: faults.drop_after_chunks]):
            if index > 0:
                self.server.pause(faults.chunk_delay_ms)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if faults.drop_after_chunks is None:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True
        self.log_answer(reply)

    def say(self, status: int, message: str, **fields: str) -> None:
        self.send(Answer(status, TEXT, message.encode()), **fields)

    def send(self, reply: Answer, **fields: str) -> None:
        """Head and body in one send: two would be two packets."""
        if reply.status in (204, 304):
            # These have no body by definition; one would be read as the start of the next answer.
            reply = reply._replace(body=b"")
        else:
            fields.update(content_type=reply.content_type, content_length=str(len(reply.body)))
        self.wfile.write(self.head(reply.status, **fields) + reply.body)
        self.log_answer(reply)

    def head(self, status: int, **fields: str) -> bytes:
        reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
        lines = [f"HTTP/1.1 {status} {reason}", f"Date: {self.date_time_string()}"]
        lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in fields.items()]
        if self.close_connection:
            lines.append("Connection: close")
        elif self.request_version == "HTTP/1.0":
            lines.append("Connection: keep-alive")
        return "\r\n".join(lines + ["", ""]).encode("latin-1")

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
            return self.read_chunks()
        length = self.headers.get("Content-Length", "0").strip()
        if not length.isdecimal():
            raise Refused(400, f"cannot read Content-Length {quoted(length)}")
        return self.read_bytes(int(length))

    def read_chunks(self) -> bytes:
        body = b""
        while True:
            size = self.rfile.readline(1024).split(b";")[0].strip()
            try:
                count = int(size, 16)
            except ValueError:
                raise Refused(400, f"cannot read chunk size {quoted(size.decode('latin-1'))}") from None
            if count <= 0:
                break
            body += self.read_bytes(count, already=len(body))
            self.rfile.readline(1024)
        while self.rfile.readline(1024).strip():
            pass  # trailers
        return body

    def read_bytes(self, count: int, already: int = 0) -> bytes:
        if already + count > MAX_BODY_BYTES:
            raise Refused(413, f"the body is larger than {MAX_BODY_BYTES} bytes")
        return self.rfile.read(count)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            pass  # The caller hung up first, which is its own business.

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server finds wrong with a request, as a line of text instead of a page."""
        self.close_connection = True
        self.say(int(code), message or HTTPStatus(code).phrase)

    def log_answer(self, reply: Answer) -> None:
        if self.server.verbose:
            print(f"{self.requestline} -> {reply.status}, {len(reply.body)} bytes", file=sys.stderr, flush=True)

    def log_message(self, *_: object) -> None:
        """Quiet: log_answer speaks instead, and only with --verbose."""


class Server(ThreadingHTTPServer):
    # The default of 5 refuses connections as soon as a load test opens many at once.
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], model: Model, faults: argparse.Namespace, verbose: bool) -> None:
        self.model = model
        self.faults = faults
        self.verbose = verbose
        self.turns = itertools.count(1)
        self.stopping = threading.Event()
        self.under_way = 0
        self.idle = threading.Condition()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        # HTTPServer would look up this machine's own name here, which can take seconds on a laptop.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def pause(self, milliseconds: int) -> None:
        """Sleeps, but no longer than the server runs."""
        if milliseconds:
            self.stopping.wait(milliseconds / 1000)

    @contextmanager
    def answering(self) -> Iterator[None]:
        with self.idle:
            self.under_way += 1
        try:
            yield
        finally:
            with self.idle:
                self.under_way -= 1
                self.idle.notify_all()

    def run(self) -> None:
        """Serves until SIGTERM or Ctrl-C, then lets the answers under way go out."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: threading.Thread(target=self.shutdown, daemon=True).start())
        print(f"listening on http://{self.server_name}:{self.server_port}", flush=True)
        self.serve_forever(poll_interval=0.1)
        self.server_close()
        self.stopping.set()
        with self.idle:
            self.idle.wait_for(lambda: self.under_way == 0, timeout=DRAIN_SECONDS)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serves a model.json: GET /ping and POST /invocations.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=at_least(0), default=8080, help="0 takes a free one; default %(default)s")
    parser.add_argument("--model", type=Path, default=Path(__file__).with_name("model.json"), metavar="FILE",
                        help="default: model.json beside this file")
    parser.add_argument("--verbose", action="store_true", help="log every answer to stderr")
    faults = parser.add_argument_group("faults", "break POST /invocations on purpose; /ping stays healthy")
    faults.add_argument("--delay-ms", type=at_least(0), default=0, metavar="N", help="every answer comes N ms later")
    faults.add_argument("--stall-every", type=at_least(1), metavar="N", help="every Nth answer stalls")
    faults.add_argument("--stall-ms", type=at_least(1), metavar="N", help="... for N ms")
    faults.add_argument("--status", type=at_least(200), metavar="N", help="every answer is an error with status N")
    faults.add_argument("--hang", action="store_true", help="take requests, never answer")
    faults.add_argument("--flip", action="store_true", help="answer with the label of the next class: a worse model")
    faults.add_argument("--stream-chunks", type=at_least(1), metavar="N", help="answer in N chunks")
    faults.add_argument("--chunk-delay-ms", type=at_least(0), default=0, metavar="N", help="... N ms apart")
    faults.add_argument("--drop-after-chunks", type=at_least(0), metavar="N", help="... and hang up after N of them")
    options = parser.parse_args(arguments)
    if (options.stall_every is None) != (options.stall_ms is None):
        parser.error("--stall-every and --stall-ms go together")
    if options.drop_after_chunks is not None and options.stream_chunks is None:
        parser.error("--drop-after-chunks needs --stream-chunks")
    if options.status is not None and options.status > 599:
        parser.error("--status is 200 to 599")
    return options


def at_least(least: int):
    def whole(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return whole


def main() -> int:
    options = parse_arguments()
    try:
        model = Model.load(options.model)
    except (OSError, ValueError, KeyError) as error:
        print(f"error: cannot read the model {options.model}\ncause: {error!r}", file=sys.stderr)
        return 2
    if options.flip:
        model.classes = model.classes[1:] + model.classes[:1]
    try:
        server = Server((options.host, options.port), model, options, options.verbose)
    except (OSError, OverflowError) as error:
        print(f"error: cannot listen on {options.host}:{options.port}\ncause: {error}", file=sys.stderr)
        return 1
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
