"""A bot behind a webhook, in plain Python: no package needed.

    PARLEY_BOT_SECRET=whsec_… python webhook_server.py 8080

The secret is the one in Parley's configuration: `secret = "env:PARLEY_BOT_SECRET"`. See docs/bots.md.
"""

import base64
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["PARLEY_BOT_SECRET"].removeprefix("whsec_")
KEY = base64.b64decode(SECRET + "=" * (-len(SECRET) % 4))
MOST_BYTES = 4_000_000


def reply(turn):
    """The bot itself: a turn in, actions out."""
    if turn["payload"] == "person":
        return [{"kind": "hand_off", "reason": "asked for a person"}]
    cart = turn["context"].get("cart")  # what a page says is as untrusted as what a customer types
    total = cart.get("total") if isinstance(cart, dict) else None
    answer = f"You said: {turn['text']}" + (f" (your cart: {total})" if total is not None else "")
    return [
        {
            "kind": "quick_replies",
            "text": answer,
            "choices": [{"title": "Talk to a person", "payload": "person"}],
        }
    ]


def signed(headers, body):
    """Whether Parley sent these very bytes, and lately. standardwebhooks.com has libraries for this."""
    given = headers.get("webhook-signature", "").split()
    moment = headers.get("webhook-timestamp", "")
    if not moment.isdecimal() or abs(time.time() - int(moment)) > 300:
        return False
    content = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(KEY, content, "sha256")).decode()
    return any(hmac.compare_digest(expected, each) for each in given)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            return self.answer(413, {"error": "too large"})
        body = self.rfile.read(length)
        if not signed(self.headers, body):
            return self.answer(401, {"error": "not signed by Parley"})
        # webhook-id stays the same when Parley tries again: remember it, if answering twice would do harm.
        try:
            turn = json.loads(body)
        except ValueError:
            turn = None
        if not isinstance(turn, dict) or turn.get("version") != 1:
            return self.answer(400, {"error": "no turn of version 1"})
        return self.answer(200, {"actions": reply(turn)})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8080), Handler)
    sys.stderr.write(f"listening on http://127.0.0.1:{server.server_port}/\n")
    server.serve_forever()
