"""Slack's own Socket Mode client, and a server of another's making: one JSON line in, one out.

    {"op": "connect", "base_url": u, "app_token": t} -> {"connected": true}: slack_sdk's client
    {"op": "heard"}                                  -> {"requests": [...]}: what it was sent
    {"op": "serve", "frames": [...], "app_token": t} -> {"base_url": u}: wsproto greets, sends these
    {"op": "answers", "count": n}                    -> {"texts": [...]}: what it was answered

The client answers whatever takes an answer, as Bolt does.
"""

import json
import logging
import queue
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web import WebClient
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

logging.disable(logging.CRITICAL)

PATIENCE = 20.0
HELLO = {
    "type": "hello",
    "num_connections": 1,
    "debug_info": {"host": "applink-7", "approximate_connection_time": 18060},
    "connection_info": {"app_id": "A0SIM00001"},
}

heard: list = []
answers: "queue.Queue[str]" = queue.Queue()


def connect(base_url: str, app_token: str) -> SocketModeClient:
    web = WebClient(base_url=base_url + "/")
    client = SocketModeClient(app_token=app_token, web_client=web, ping_interval=1)

    def listener(client, request):
        heard.append({
            "type": request.type,
            "payload": request.payload.get("type") or request.payload.get("command"),
            "takes": request.accepts_response_payload,
            "attempt": request.retry_attempt,
        })
        said = {"text": "heard by slack_sdk"} if request.accepts_response_payload else None
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, said))

    client.socket_mode_request_listeners.append(listener)
    client.connect()
    return client


def talk(stream: socket.socket, frames: list) -> None:
    """One connection, by wsproto: it greets, sends its frames, pings, and notes each answer."""
    connection = WSConnection(ConnectionType.SERVER)
    while data := stream.recv(65536):
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, Request):
                stream.sendall(connection.send(AcceptConnection()))
                for frame in [HELLO, *frames]:
                    stream.sendall(connection.send(TextMessage(json.dumps(frame))))
                stream.sendall(connection.send(Ping(b"Ping from applink-7")))
            elif isinstance(event, Ping):
                stream.sendall(connection.send(event.response()))
            elif isinstance(event, TextMessage):
                answers.put(event.data)
            elif isinstance(event, CloseConnection):
                stream.sendall(connection.send(event.response()))
                return


def serve(frames: list, app_token: str) -> str:
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            stream, _ = listener.accept()
            threading.Thread(target=talk, args=(stream, frames), daemon=True).start()

    port = listener.getsockname()[1]

    class Api(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            right = self.headers.get("authorization") == f"Bearer {app_token}"
            url = f"ws://127.0.0.1:{port}/link/?ticket=t&app_id=A0SIM00001"
            said = {"ok": True, "url": url} if right else {"ok": False, "error": "invalid_auth"}
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    api = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    api.daemon_threads = True
    for target in (accept, api.serve_forever):
        threading.Thread(target=target, daemon=True).start()
    return f"http://127.0.0.1:{api.server_port}/api"


clients: list = []


def answer(question: dict) -> dict:
    op = question["op"]
    if op == "connect":
        client = connect(question["base_url"], question["app_token"])
        clients.append(client)
        deadline = time.monotonic() + PATIENCE
        while not client.is_connected() and time.monotonic() < deadline:
            time.sleep(0.02)
        return {"connected": client.is_connected()}
    if op == "heard":
        return {"requests": heard}
    if op == "serve":
        return {"base_url": serve(question["frames"], question["app_token"])}
    if op == "answers":
        return {"texts": [answers.get(timeout=PATIENCE) for _ in range(question["count"])]}
    raise ValueError(f"no such question: {op}")


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
    for client in clients:
        client.close()
