"""Bolt for Python as a judge of requests: one JSON question a line in, one JSON answer a line out.

    {"op": "listen", "secret": s, "checks_age": true, "events": [...], "forms": [...]}
        -> {"port": n}: a Bolt app on loopback, with listeners for these
    {"op": "time", "now": unix seconds}                -> {}: what that app's clock says from now on
    {"op": "sign", "secret": s, "timestamp": t, "body": base64} -> {"signature": "v0=..."}

Beside those the app has listeners for the command and for every button, and for nothing else. It
is reached over HTTP, so that both sides get the same bytes.
"""

import base64
import json
import logging
import re
import sys
import threading
from http.server import ThreadingHTTPServer

from slack_bolt import App
from slack_bolt.app.app import SlackAppDevelopmentServer
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.request_verification import RequestVerification
from slack_sdk.signature import SignatureVerifier

logging.disable(logging.CRITICAL)

ADDRESSES = ["/slack/commands", "/slack/interactions", "/slack/events"]
ENDPOINT = "/slack/events"


class SetClock:
    def __init__(self):
        self.set_to = 0.0

    def now(self) -> float:
        return self.set_to


class Ageless(SignatureVerifier):
    """What a server would be that forgot to look how old a request is."""

    def is_valid(self, body, timestamp, signature) -> bool:
        int(timestamp)
        return self.generate_signature(timestamp=timestamp, body=body) == signature


CLOCK = SetClock()


def authorize(**_):
    return AuthorizeResult(
        enterprise_id=None, team_id="T0SIM00001", bot_token="xoxb-judge", bot_id="B1",
        bot_user_id="U0BOT00000",
    )


def app(asked: dict) -> App:
    secret, checks_age = asked["secret"], asked["checks_age"]
    made = App(signing_secret=secret, authorize=authorize, process_before_response=True)
    verifier = SignatureVerifier(secret, CLOCK) if checks_age else Ageless(secret)
    for middleware in made._middleware_list:
        if isinstance(middleware, RequestVerification):
            middleware._verifier = verifier
    made.command("/keyleak")(lambda ack: ack())
    made.action(re.compile(".+"))(lambda ack: ack())
    for form in asked["forms"]:
        made.view(form)(lambda ack: ack())
    for event in asked["events"]:
        # The app subscribes to "message.groups", and the event itself is a "message".
        made.event(event.split(".")[0])(lambda: None)
    return made


def listen(asked: dict) -> int:
    development = SlackAppDevelopmentServer(
        port=0, path=ENDPOINT, app=app(asked), http_server_logger_enabled=False
    )
    development._server.server_close()

    class ThreeAddresses(development._server.RequestHandlerClass):
        """Bolt has one address for all; we have three."""

        def do_POST(self):
            if self.path in ADDRESSES:
                self.path = ENDPOINT
            super().do_POST()

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            """An exception is no answer, as anywhere behind a development server."""

    server = Quiet(("127.0.0.1", 0), ThreeAddresses)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server.server_port


def answer(question: dict) -> dict:
    op = question["op"]
    if op == "listen":
        return {"port": listen(question)}
    if op == "time":
        CLOCK.set_to = float(question["now"])
        return {}
    if op == "sign":
        verifier = SignatureVerifier(question["secret"])
        body = base64.b64decode(question["body"])
        timestamp = question["timestamp"]
        return {"signature": verifier.generate_signature(timestamp=timestamp, body=body)}
    raise ValueError(f"no such question: {op}")


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
