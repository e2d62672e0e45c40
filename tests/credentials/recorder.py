"""AWS, a container's credentials, an instance's and a proxy, on loopback: answers what it is asked, and notes it."""

import http.server
import json
import re
import ssl
import threading
import urllib.parse

EXPIRATION = "2039-01-01T00:00:00Z"


def of_container(key):
    return {"AccessKeyId": key, "SecretAccessKey": "s", "Token": "t", "Expiration": EXPIRATION, "Code": "Success"}


def of_role(action, role, session):
    account, name = role.split(":")[4], role.rpartition("/")[2]
    key = f"ROLE{name}"
    keys = f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    user = f"<AssumedRoleUser><AssumedRoleId>A:{session}</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>"
    result = f"<Credentials>{keys}<Expiration>{EXPIRATION}</Expiration></Credentials>{user}"
    return f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>{result}</{action}Result></{action}Response>'


class Recorder:
    """Three listeners of one log: of HTTP, of a proxy, and of HTTPS where a certificate is given."""

    def __init__(self, certificate=None):
        self.lines, self.status, self.lock = [], 200, threading.Lock()
        self.port = self.listen("direct")
        self.proxy = self.listen("proxy")
        self.tls = self.listen("tls", certificate) if certificate else None

    def listen(self, way, certificate=None):
        handler = type("Handler", (Handler,), {"recorder": self, "way": way})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    def note(self, line):
        with self.lock:
            self.lines.append(line)

    def take(self):
        with self.lock:
            lines, self.lines = self.lines, []
            return lines


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, path, body):
        """What it is about, in words that both clients' requests come to, and the answer."""
        form = dict(urllib.parse.parse_qsl(body)) if "Action=" in body else {}
        action = form.get("Action", "")
        if action in ("AssumeRole", "AssumeRoleWithWebIdentity"):
            said = [form.get(name, "-") for name in ("RoleArn", "ExternalId", "DurationSeconds", "SerialNumber", "TokenCode")]
            name = form["RoleSessionName"] if form["RoleSessionName"].startswith("named") else "-"
            token = form.get("WebIdentityToken", "-").strip()
            return f"{action} {' '.join(said)} {name} {token}", of_role(action, form["RoleArn"], form["RoleSessionName"])
        if path.startswith("/latest/api/token"):
            return "token of the instance", "token"
        if path.startswith("/latest/meta-data/iam/security-credentials"):
            named = path.rstrip("/").endswith("the-role")
            return f"credentials of the instance", json.dumps(of_container("INSTANCE")) if named else "the-role"
        if path.startswith("/creds"):
            return f"credentials of the container {path} {self.headers.get('authorization', '-')}", json.dumps(of_container("CONTAINER"))
        if path.startswith("/federation/credentials"):
            keys = {"accessKeyId": "SSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 2177452800000}
            bearer = self.headers.get("x-amz-sso_bearer_token", "-")
            query = dict(urllib.parse.parse_qsl(path.partition("?")[2]))
            return f"SSO {query.get('account_id')} {query.get('role_name')} {bearer}", json.dumps({"roleCredentials": keys})
        if path.endswith("/invocations"):
            return f"invocation {path.partition('endpoints/')[0]}", "{}"
        where = path.partition("bucket-x")[0] + "bucket-x" if "bucket-x" in path else path.rstrip("/") or "/"
        target = self.headers.get("x-amz-target", "")
        answers = {
            "DescribeModelPackageGroup": {"ModelPackageGroupName": "churn", "ModelPackageGroupArn":
                "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/churn", "CreationTime": 1764430800.0,
                "ModelPackageGroupStatus": "Completed", "CreatedBy": {}},
            "ListModelPackages": {"ModelPackageSummaryList": []},
            "DescribeEndpoint": {"EndpointName": "churn-staging", "EndpointArn":
                "arn:aws:sagemaker:us-east-1:222222222222:endpoint/churn-staging", "EndpointConfigName": "c",
                "EndpointStatus": "InService", "CreationTime": 1, "LastModifiedTime": 1,
                "ProductionVariants": [{"VariantName": "v"}]},
        }
        return f"call {where}", json.dumps(answers.get(target.split(".")[-1], {}))

    def do(self):
        length = int(self.headers.get("content-length") or 0)
        chunked = "chunked" in self.headers.get("transfer-encoding", "")
        body = "" if chunked else self.rfile.read(length).decode("latin1")
        url = urllib.parse.urlsplit(self.path)
        path = url.path + (f"?{url.query}" if url.query else "")
        host = url.netloc or self.headers.get("host", "")
        about, text = self.answer(path, body)
        scope = re.search(r"Credential=([^/]*)/[0-9]*/([^/]*)/([^/]*)", self.headers.get("authorization", ""))
        signed = " ".join(("key", scope[1], "for", scope[3], "in", scope[2])) if scope else "unsigned"
        self.recorder.note(f"{self.way} {host} {about} {signed}")
        status = 200 if about[:4] != "call" else self.recorder.status
        self.send_response(status)
        self.send_header("Content-Type", "text/xml" if text.startswith("<") else "application/json")
        self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.send_header("Content-Length", str(len(text)))
        if chunked:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())
        self.close_connection = chunked

    do_GET = do_POST = do_PUT = do_HEAD = do

    def do_CONNECT(self):
        self.recorder.note(f"{self.way} CONNECT {self.path}")
        self.send_response(502)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass
