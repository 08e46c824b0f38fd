"""A bot that takes its time: answers 202 at once, and brings its actions to the callback URL when it has them.

pip install fastapi uvicorn httpx standardwebhooks
PARLEY_BOT_SECRET=whsec_… uvicorn webhook_later:app --port 8080
"""

import os

import aiohttp
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from standardwebhooks import Webhook, WebhookVerificationError

app = FastAPI()
webhook = Webhook(os.environ["PARLEY_BOT_SECRET"])


@app.post("/")
async def turn(request: Request, background: BackgroundTasks) -> JSONResponse:
    try:
        said = webhook.verify(await request.body(), dict(request.headers))
    except WebhookVerificationError:
        raise HTTPException(401, "not signed by Parley") from None
    background.add_task(think, said)
    return JSONResponse({"seconds": 60}, status_code=202)


async def think(said: dict) -> None:
    """Ask the warehouse, a slow model, a colleague … and answer once. Later than the 60 seconds is too late."""
    actions = [f"I have looked into it: {said['text']}"]
    async with aiohttp.ClientSession() as client, client.post(said["callback_url"], json={"actions": actions}) as done:
        done.raise_for_status()
