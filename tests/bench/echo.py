"""A plain Bolt app that answers each mention with a constant: `python -m tests.bench.echo BASE_URL`."""

import asyncio
import sys
from typing import Any


async def main(base_url: str) -> None:
    from slack_bolt.adapter.socket_mode.websockets import AsyncSocketModeHandler
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.embedded.slack import APP_TOKEN, BOT_TOKEN

    app = AsyncApp(client=AsyncWebClient(token=BOT_TOKEN, base_url=base_url))

    @app.event("app_mention")
    async def mentioned(event: dict[str, Any], say: Any) -> None:
        await say("heard", thread_ts=event["ts"])

    @app.event("message")
    async def said() -> None:
        """Nothing: acknowledged."""

    await AsyncSocketModeHandler(app, APP_TOKEN).start_async()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
