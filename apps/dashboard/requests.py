"""The request as the pages see it."""

from __future__ import annotations

from apps.accounts.models import User
from apps.core.htmx import HtmxHttpRequest


class Request(HtmxHttpRequest):
    """A request of somebody who is signed in."""

    user: User
