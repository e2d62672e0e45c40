#!/usr/bin/env python3
"""A stand-in for a language model: it speaks as one, as fast as it is told to, and has no model in it.

    examples/chat/serve.py --port 8080 --first-token 0.2 --inter-token 0.05

It answers `POST /v1/chat/completions` (and `/invocations`, as vLLM does), streamed or not, `GET /ping` and `/health`.
The answer repeats the words of the last message until there are `max_tokens` of them, or `--tokens`; a message that
names a tool of the request makes it call that tool. Every model name is taken. With `--log FILE`, it writes down for
each request when its tokens were sent, which a client's own figures can be held to.
"""

import argparse
import asyncio
import itertools
import json
import time

MODEL = "stand-in"


def events(request: dict, settings: argparse.Namespace):
    """The deltas of an answer, and the reason for its end."""
    said = str(request["messages"][-1].get("content") or "")
    tools = [tool["function"]["name"] for tool in request.get("tools") or []]
    called = next((name for name in tools if name in said), None)
    if called:
        calls = [{"index": 0, "id": "call-0", "type": "function", "function": {"name": called, "arguments": ""}}]
        yield {"tool_calls": calls}
        for part in json.dumps({"said": said}).partition(" "):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": part}}]}
        return
    words = itertools.cycle(said.split() or ["..."])
    for number in range(request.get("max_tokens") or settings.tokens):
        yield {"content": (" " if number else "") + next(words)}


def finish(request: dict, settings: argparse.Namespace, deltas: list) -> tuple[str, dict]:
    """Why the answer ends, and its usage: a token is a word or a piece of a tool call."""
    called = any("tool_calls" in delta for delta in deltas)
    cut = len(deltas) == request.get("max_tokens")
    tokens_in = sum(len(str(message.get("content") or "").split()) for message in request["messages"])
    usage = {"prompt_tokens": tokens_in, "completion_tokens": len(deltas), "total_tokens": tokens_in + len(deltas)}
    return "tool_calls" if called else "length" if cut else "stop", usage


class Server:
    def __init__(self, settings: argparse.Namespace):
        self.settings = settings
        self.places = asyncio.Semaphore(settings.at_once)
        self.log = open(settings.log, "w", encoding="utf-8") if settings.log else None

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self.one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection goes on."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return False
        method, path, _ = head.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])}
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        if method == "GET" and path in ("/ping", "/health"):
            return await self.answer(writer, 200, {"model": MODEL})
        if method != "POST" or path.split("?")[0] not in ("/v1/chat/completions", "/invocations"):
            return await self.answer(writer, 404, {"error": {"message": f"nothing answers at {path}", "code": 404}})
        try:
            request = json.loads(body)
            request["messages"][-1]["role"]
        except (ValueError, LookupError, TypeError):
            return await self.answer(writer, 400, {"error": {"message": "messages: at least one is required", "code": 400}})
        if request.get("stream"):
            return await self.stream(writer, request)
        deltas = list(events(request, self.settings))
        await asyncio.sleep(self.settings.first_token + self.settings.inter_token * max(0, len(deltas) - 1))
        reason, usage = finish(request, self.settings, deltas)
        message = {"role": "assistant", "content": "".join(delta.get("content", "") for delta in deltas) or None}
        calls = [call["function"] for delta in deltas for call in delta.get("tool_calls", [])]
        if calls:
            arguments = "".join(call.get("arguments", "") for call in calls)
            message["tool_calls"] = [
                {"id": "call-0", "type": "function", "function": {"name": calls[0]["name"], "arguments": arguments}}
            ]
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return await self.answer(
            writer, 200, {"object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage}
        )

    async def answer(self, writer: asyncio.StreamWriter, status: int, document: dict) -> bool:
        body = json.dumps(document).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        return True

    async def stream(self, writer: asyncio.StreamWriter, request: dict) -> bool:
        begun = time.perf_counter()
        async with self.places:
            await asyncio.sleep(self.settings.busy)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

        def send(data: str) -> None:
            event = f"data: {data}\n\n".encode()
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))

        def piece(delta: dict, reason: str | None = None, **more: dict) -> str:
            choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
            return json.dumps({"object": "chat.completion.chunk", "model": MODEL, "choices": choices} | more)

        send(piece({"role": "assistant", "content": ""}))
        sent, deltas, due = [], [], time.perf_counter() + self.settings.first_token
        for delta in events(request, self.settings):
            await asyncio.sleep(max(0, due - time.perf_counter()))
            send(piece(delta))
            sent.append(time.perf_counter() - begun)
            deltas.append(delta)
            due += self.settings.inter_token
            await writer.drain()
        reason, usage = finish(request, self.settings, deltas)
        send(piece({}, reason))
        if (request.get("stream_options") or {}).get("include_usage"):
            send(json.dumps({"object": "chat.completion.chunk", "model": MODEL, "choices": [], "usage": usage}))
        send("[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        if self.log:
            self.log.write(json.dumps(sent) + "\n")
            self.log.flush()
        return True


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8080, help="0 for a free one")
    parser.add_argument("--first-token", type=float, default=0.05, help="seconds until the first token")
    parser.add_argument("--inter-token", type=float, default=0.01, help="seconds between two tokens")
    parser.add_argument("--tokens", type=int, default=20, help="tokens of an answer whose request sets no max_tokens")
    parser.add_argument("--at-once", type=int, default=10_000, help="requests that are taken in at once; others wait")
    parser.add_argument("--busy", type=float, default=0, help="seconds that it takes to take one in")
    parser.add_argument("--log", help="a file for the times of all tokens, a line of JSON for each request")
    server = Server(parser.parse_args())
    listening = await asyncio.start_server(server.connected, "127.0.0.1", server.settings.port, backlog=4096)
    port = listening.sockets[0].getsockname()[1]
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
