"""The other peer: a plain Channels consumer under Debian's uvicorn, with the actions of apps/bench and the same envelope."""
import json
import os

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100000}}},
    SECRET_KEY=os.urandom(16).hex(),
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


def envelope(action, data, status, request_id):
    return json.dumps({"errors": [], "data": data, "action": action, "response_status": status, "request_id": request_id})


class BenchConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        message = json.loads(text_data)
        action, request_id = message["action"], message.get("request_id")
        if action == "echo":
            await self.send(envelope(action, {"text": message.get("text")}, 200, request_id))
        elif action == "subscribe":
            self.request_id = request_id
            await self.channel_layer.group_add("bench", self.channel_name)
            await self.send(envelope(action, None, 201, request_id))
        elif action == "publish":
            await self.channel_layer.group_send("bench", {"type": "bench.message", "text": message["text"]})
            await self.send(envelope(action, None, 200, request_id))

    async def bench_message(self, event):
        await self.send(envelope("create", {"text": event["text"]}, 200, self.request_id))

    async def disconnect(self, code):
        await self.channel_layer.group_discard("bench", self.channel_name)


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/", BenchConsumer.as_asgi())])})
