"""The inbox room; its label differs from Django's own messages app."""

from django.apps import AppConfig


class Messages(AppConfig):
    """Names the room for the framework."""

    name = "yangbanjian.ground.messages"
    label = "inbox"
