"""Bolt for Python, on the server that it brings for asyncio, on a free port, which it prints.

`/keyleak help` is answered with a text. Whoever started us holds the other end of standard input:
when that closes, we leave.
"""

import asyncio
import sys

from aiohttp import web
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.async_app import AsyncApp


async def authorize():
    """Who it is is said and not asked of Slack: a request costs what the request costs."""
    return AuthorizeResult(
        enterprise_id=None, team_id="T0SIM00001", bot_token="xoxb-simulated",
        bot_id="B0SIM00001", bot_user_id="U0BOT00000",
    )


async def serve(secret: str, text: str) -> None:
    app = AsyncApp(signing_secret=secret, authorize=authorize)

    @app.command("/keyleak")
    async def help_(ack):
        await ack(text)

    runner = web.AppRunner(app.web_app(path="/slack/commands"), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


asyncio.run(serve(*sys.argv[1:3]))
