#!/usr/bin/env bash
# aiperf's --tokenizer "accepts model names, filesystem paths to tokenizer files, or builtin". With HF_HUB_OFFLINE=1, which
# says that nothing may be downloaded, a path is refused as a name of a repository, although nothing would have to be.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check aiperf==0.13.0 transformers==5.24.0 tokenizers==0.23.3 2>/dev/null
env -u HF_HUB_OFFLINE -u TRANSFORMERS_OFFLINE NO_PROXY=127.0.0.1 "$work/venv/bin/python" - "$work" <<'PYTHON'
import http.server
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import threading

work = pathlib.Path(sys.argv[1])
folder = work / "tokenizer"
folder.mkdir()
model = {"type": "WordLevel", "vocab": {"[UNK]": 0, "word": 1}, "unk_token": "[UNK]"}
whole = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": model}
(folder / "tokenizer.json").write_text(json.dumps(whole))
settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
(folder / "tokenizer_config.json").write_text(json.dumps(settings))
(work / "prompts.jsonl").write_text('{"text": "word"}\n')


class Chat(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"index": 0, "message": {"role": "assistant", "content": "word"}, "finish_reason": "stop"}
        body = json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [message]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Chat)
threading.Thread(target=server.serve_forever, daemon=True).start()
command = [str(work / "venv/bin/aiperf"), "profile", "--model", "m", "--tokenizer", str(folder)]
command += ["--url", f"http://127.0.0.1:{server.server_port}", "--request-count", "1", "--concurrency", "1"]
command += ["--input-file", "prompts.jsonl", "--custom-dataset-type", "single-turn"]
command += ["--no-gpu-telemetry", "--no-server-metrics", "--ui", "none"]
print(*(f"{name} {importlib.metadata.version(name)}" for name in ("aiperf", "transformers", "huggingface_hub")))
online = subprocess.run(command, cwd=work, capture_output=True, text=True)
print("without HF_HUB_OFFLINE: exit code", online.returncode)
offline = subprocess.run(command, cwd=work, capture_output=True, text=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})
said = offline.stdout + offline.stderr
print("with HF_HUB_OFFLINE=1: exit code", offline.returncode)
print(next((line[:200] for line in said.splitlines() if "Failed to load tokenizer" in line), said[-2000:]))
refused = offline.returncode != 0 and "Repo id must be in the form" in said
raise SystemExit(0 if online.returncode == 0 and refused else 1)
PYTHON
