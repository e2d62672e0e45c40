"""Holds what this program makes of variables and profiles to what botocore makes of them, in scenarios beside a recorder:
run.py BINARY, beside what botocore was seen to ask for (asked.json); run.py BINARY PYTHON, beside the botocore of that
Python, whose requests are then written down."""

import hashlib
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

import scenarios
from recorder import Recorder

HERE = pathlib.Path(__file__).parent
COMMANDS = {
    "sagemaker": "resolve --model-package-group churn",
    "s3": "seed upload seed.zip --bucket bucket-x",
    "sagemaker-runtime": "test --accounts 222222222222 --role-name r --cases cases.yml --no-verify",
    "organizations": "test --organizational-unit ou-ab12-stagings --role-name r --cases cases.yml --no-verify",
    "servicecatalog": "catalog import --seed-bucket seeds --seed-key seed.zip --dry-run",
    "iam": "catalog import --seed-bucket seeds --seed-key seed.zip --dry-run",
}
# What the command asks for besides
OWN = {"servicecatalog": "servicecatalog", "iam": r"\biam", "organizations": "organizations",
       "sagemaker-runtime": r"AssumeRole|invocation|CONNECT runtime"}
CONFIG = [{"ParameterKey": "StageName", "ParameterValue": "staging"},
          {"ParameterKey": "SageMakerProjectName", "ParameterValue": "churn"}]


def certificates(folder):
    """A CA of the test's own, and a certificate for localhost."""
    ca, key, host = folder / "ca.pem", folder / "key.pem", folder / "host.pem"
    (folder / "ext").write_text("subjectAltName = DNS:localhost\nbasicConstraints = CA:FALSE\n")
    for command in (
        f"req -x509 -newkey rsa:2048 -nodes -keyout {folder}/ca.key -out {ca} -days 2 -subj /CN=ca",
        f"req -newkey rsa:2048 -nodes -keyout {key} -out {folder}/csr -subj /CN=localhost",
        f"x509 -req -in {folder}/csr -CA {ca} -CAkey {folder}/ca.key -CAcreateserial -days 2 -extfile {folder}/ext -out {host}",
    ):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True)
    return ca, (host, key)


def on_a_terminal(command, folder, variables, typed):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(command[0], command, variables)
    said, asked = b"", False
    try:
        while more := os.read(terminal, 4096):
            said += more
            if b"MFA" in said and not asked:
                asked = True
                os.write(terminal, typed.encode())
    except OSError:
        pass
    os.waitpid(pid, 0)
    return said.decode(errors="replace")


def run(command, folder, variables, terminal):
    if terminal:
        return on_a_terminal(command, folder, variables, terminal)
    try:
        done = subprocess.run(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, start_new_session=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "it did not end"
    return done.stdout.decode(errors="replace")


def requests(scenario, command, recorder, names):
    """What is asked for, each once but where attempts are counted; and what is said."""
    with tempfile.TemporaryDirectory() as home:
        names = {**names, "home": home}

        def filled(text):
            text = re.sub(r"\{sha1:([^}]*)\}", lambda found: hashlib.sha1(found[1].encode()).hexdigest(), text)
            return re.sub(r"\{(\w+)\}", lambda found: str(names[found[1]]), text)

        folder = pathlib.Path(home)
        for name, text in scenario["files"].items():
            path = folder / filled(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(filled(text) if not name.endswith(".json") else text)
        (folder / "seed.zip").write_bytes(b"PK\5\6" + bytes(18))
        (folder / "staging-config-export.json").write_text(json.dumps(CONFIG))
        (folder / "cases.yml").write_text('version: 1\ncases:\n  - {name: a, body: "1"}\n')
        variables = {"PATH": os.environ["PATH"], "HOME": home, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}
        for name, value in scenario["variables"].items():
            variables[name] = filled(value)
        if scenario["status"] != 200 and "AWS_MAX_ATTEMPTS" not in scenario["variables"]:
            del variables["AWS_MAX_ATTEMPTS"]
        recorder.take()
        recorder.status = scenario["status"]
        said = run(command, folder, variables, scenario["terminal"])
        lines = [line.replace(home, "~") for line in recorder.take()]
        for name in ("port", "proxy", "tls"):
            lines = [line.replace(f":{names[name]} ", f":{name} ") for line in lines]
    own = OWN.get(scenario["service"])
    lines = [line for line in lines if own is None or re.search(own, line)]
    if scenario["status"] == 200:
        lines = list(dict.fromkeys(lines))
    return lines, said


def main(binary, python=None):
    written = HERE / "asked.json"
    asked = {} if python else json.loads(written.read_text())
    counts = {"same": 0, "differ as documented": 0, "differ": 0}
    with tempfile.TemporaryDirectory() as folder:
        ca, certificate = certificates(pathlib.Path(folder))
        recorder = Recorder(certificate)
        names = {"port": recorder.port, "proxy": recorder.proxy, "tls": recorder.tls, "ca": ca}
        for scenario in scenarios.CREDENTIALS + scenarios.ENDPOINTS:
            name, settled, raised = scenario["name"], scenario["differs"], ""
            ours, said = requests(scenario, [binary, *COMMANDS[scenario["service"]].split()], recorder, names)
            if python:
                command = [python, str(HERE / "call.py"), scenario["service"]]
                asked[name], raised = requests(scenario, command, recorder, names)
            theirs = asked[name]
            verdict = "differ as documented" if settled and ours != theirs else "same"
            if (ours != theirs) != bool(settled) or " crashed at " in said:
                verdict = "differ"
            counts[verdict] += 1
            if verdict == "same":
                continue
            print(f"{name}: {verdict}{f' ({settled})' if settled else ''}")
            for who, lines, words in (("ours", ours, said), ("botocore", theirs, raised)):
                print("".join(f"  {who}: {line}\n" for line in lines) or f"  {who}: nothing is asked for\n", end="")
                if verdict == "differ":
                    print("".join(f"    | {line}\n" for line in words.strip().splitlines()[-4:]), end="")
    if python:
        written.write_text(json.dumps(asked, indent=1) + "\n")
    print(f"{sum(counts.values())} scenarios: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    return counts["differ"] != 0


if __name__ == "__main__":
    sys.exit(main(*map(os.path.abspath, sys.argv[1:])))
