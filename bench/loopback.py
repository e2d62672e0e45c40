#!/usr/bin/env python3
"""A stand-in for AWS and for a model server that answers at once, so that a client and not an emulator is measured.

It knows what `modeldeploy test` asks: the accounts of one unit, AssumeRole, the live endpoint and its model, and
invocations; as a model server, /ping and /invocations. Nothing is checked. Standard library only.

    loopback.py --accounts 1000 --package ARN [--rows N] [--delay-ms 20] [--rate AssumeRole=50:50]...
                   prints its own address, then serves until it is ended; each --rate is an operation's calls a second,
                   and how many it takes at once: what is more is throttled

    GET  /report   {"calls": number, "throttled": {operation: number}, "accounts": {account id: seconds from first call
                   to last answer}}
    POST /reset    forgets both
"""

import argparse
import asyncio
import json
import re
import time
from collections import Counter

PAGE = 20  # as AWS Organizations gives them
ENDPOINT = "bench-staging"
PREDICTION = '{"label": "setosa", "score": 0.975}'
ACCOUNT_OF_KEY = re.compile(rb"Credential=ASIA(\d{12})")
ACCOUNT_OF_ROLE = re.compile(rb"iam%3A%3A(\d{12})%3Arole|iam::(\d{12}):role")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TARGET = re.compile(rb"\r\nx-amz-target: *[^.\r]*\.(\w+)", re.IGNORECASE)
CREATED = 1_700_000_000
THROTTLED = (
    b"<ErrorResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><Error><Type>Sender</Type><Code>Throttling</Code>"
    b"<Message>Rate exceeded</Message></Error><RequestId>bench</RequestId></ErrorResponse>"
)


class Bucket:
    """Calls that an operation takes: so many at once, and so many a second."""

    def __init__(self, text: str) -> None:
        self.operation, _, numbers = text.partition("=")
        self.rate, self.burst = (float(number) for number in numbers.split(":"))
        self.reset()

    def reset(self) -> None:
        self.tokens, self.since = self.burst, time.perf_counter()

    def takes_one(self) -> bool:
        now = time.perf_counter()
        self.tokens = min(self.burst, self.tokens + (now - self.since) * self.rate)
        self.since = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Cloud:
    """What is answered, by operation."""

    def __init__(self, accounts: int, package: str, rates: list[Bucket]) -> None:
        self.rates = {bucket.operation: bucket for bucket in rates}
        self.accounts = [f"{number:012}" for number in range(200_000_000_000, 200_000_000_000 + accounts)]
        self.package = package
        self.reset()

    def reset(self) -> None:
        self.calls = 0
        self.throttled: Counter[str] = Counter()
        for bucket in self.rates.values():
            bucket.reset()
        self.spans: dict[str, tuple[float, float]] = {}

    def report(self) -> dict:
        spans = {key: last - first for key, (first, last) in self.spans.items()}
        return {"calls": self.calls, "throttled": self.throttled, "accounts": spans}

    def throttles(self, operation: str) -> bool:
        bucket = self.rates.get(operation)
        refused = bucket is not None and not bucket.takes_one()
        self.throttled[operation] += refused
        return refused

    def describe(self, operation: str, request: dict, account: str | None) -> dict:
        arn = f"arn:aws:sagemaker:us-east-1:{account}:{operation.lower()}/{ENDPOINT}"
        common = {"CreationTime": CREATED, "LastModifiedTime": CREATED}
        variant = {"VariantName": "AllTraffic", "ModelName": ENDPOINT, "InitialInstanceCount": 1}
        match operation:
            case "ListAccountsForParent":
                start = int(request.get("NextToken") or 0)
                page = self.accounts[start : start + PAGE]
                more = {"NextToken": str(start + PAGE)} if start + PAGE < len(self.accounts) else {}
                of_management = "arn:aws:organizations::100000000000:account/o-bench"
                return {
                    "Accounts": [
                        {"Id": i, "Arn": f"{of_management}/{i}", "Name": i, "Status": "ACTIVE", "State": "ACTIVE"}
                        for i in page
                    ]
                } | more
            case "ListOrganizationalUnitsForParent":
                return {"OrganizationalUnits": []}
            case "DescribeEndpoint":
                names = {"EndpointName": ENDPOINT, "EndpointArn": arn, "EndpointConfigName": ENDPOINT}
                running = [{"VariantName": "AllTraffic"}]
                return names | {"EndpointStatus": "InService", "ProductionVariants": running} | common
            case "DescribeEndpointConfig":
                names = {"EndpointConfigName": ENDPOINT, "EndpointConfigArn": arn}
                return names | {"ProductionVariants": [variant]} | common
            case "DescribeModel":
                container = {"ModelPackageName": self.package}
                return {"ModelName": ENDPOINT, "ModelArn": arn, "Containers": [container]} | common
            case "DescribeModelPackage":
                group, version = self.package.split("/")[1:]
                return {
                    "ModelPackageGroupName": group,
                    "ModelPackageVersion": int(version),
                    "ModelPackageArn": self.package,
                    "ModelPackageStatus": "Completed",
                    "ModelApprovalStatus": "Approved",
                    "ModelPackageStatusDetails": {"ValidationStatuses": []},
                } | common
        raise SystemExit(f"loopback.py does not know {operation}")

    @staticmethod
    def session(account: str) -> bytes:
        role = f"arn:aws:sts::{account}:assumed-role/bench/bench"
        return (
            '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
            f"<AssumedRoleUser><Arn>{role}</Arn><AssumedRoleId>A:bench</AssumedRoleId></AssumedRoleUser>"
            f"<Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>bench</SecretAccessKey>"
            "<SessionToken>bench</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
            "</AssumeRoleResult></AssumeRoleResponse>"
        ).encode()


class Connection(asyncio.Protocol):
    """One connection of a client, which sends its next request after an answer."""

    cloud: Cloud
    delay: float
    prediction: bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.data = transport, b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, found, rest = self.data.partition(b"\r\n\r\n")
        if not found:
            return
        length = LENGTH.search(head)
        if length and len(rest) < int(length[1]):
            return
        self.data = b""
        self.answer(head, rest)

    def answer(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1]
        if path == b"/invocations" or path == b"/ping":
            self.send(b"application/json", self.prediction if path == b"/invocations" else b"")
        elif path in (b"/report", b"/reset"):
            content = json.dumps(self.cloud.report()).encode()
            if path == b"/reset":
                self.cloud.reset()
            self.send(b"application/json", content)
        else:
            self.call(head, body, path)

    def call(self, head: bytes, body: bytes, path: bytes) -> None:
        cloud, started = self.cloud, time.perf_counter()
        cloud.calls += 1
        key = ACCOUNT_OF_KEY.search(head)
        account = key[1].decode() if key else None
        status = b"200 OK"
        if target := TARGET.search(head):
            kind, operation = b"application/x-amz-json-1.1", target[1].decode()
            if cloud.throttles(operation):
                code = "TooManyRequestsException" if operation.startswith("List") else "ThrottlingException"
                status, content = b"400 Bad Request", json.dumps({"__type": code, "message": "Rate exceeded"}).encode()
            else:
                content = json.dumps(cloud.describe(operation, json.loads(body), account)).encode()
        elif path.endswith(b"/invocations"):
            kind, content = b"application/json", self.prediction
        elif role := ACCOUNT_OF_ROLE.search(body):
            account = (role[1] or role[2]).decode()
            kind, content = b"text/xml", cloud.session(account)
            if cloud.throttles("AssumeRole"):
                status, content = b"400 Bad Request", THROTTLED
        else:
            raise SystemExit(f"loopback.py does not know {head.decode()}")

        def finish() -> None:
            if account:
                first, _ = cloud.spans.get(account, (started, started))
                cloud.spans[account] = (first, time.perf_counter())
            self.send(kind, content, status)

        asyncio.get_running_loop().call_later(self.delay, finish) if self.delay else finish()

    def send(self, kind: bytes, content: bytes, status: bytes = b"200 OK") -> None:
        head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(content))
        self.transport.write(head + content)


async def serve(arguments: argparse.Namespace) -> None:
    Connection.cloud = Cloud(arguments.accounts, arguments.package, arguments.rate)
    Connection.delay = arguments.delay_ms / 1000
    Connection.prediction = f'{{"predictions": [{", ".join([PREDICTION] * arguments.rows)}]}}'.encode()
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=4096)
    print("http://{}:{}".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=0, metavar="N")
    parser.add_argument("--package", default="", metavar="ARN")
    parser.add_argument("--rows", type=int, default=1, metavar="N", help="predictions in every answer")
    parser.add_argument("--rate", type=Bucket, action="append", default=[], metavar="OPERATION=RATE:BURST")
    parser.add_argument("--delay-ms", type=float, default=0, metavar="MS")
    try:
        asyncio.run(serve(parser.parse_args()))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
