"""What the test bench offers over HTTP: reset, snapshots, faults.

Reading needs either scope, all else the one that writes records.
"""

import contextlib
import datetime as dt
import uuid
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from certstates import stories
from certstates.addresses import public_url
from certstates.errors import BadRequest, shown
from certstates.history import because
from certstates.models.queryset import MOVABLE
from certstates.testbench import rules, snapshots, turns


class BenchView(APIView):
    throttle_classes = []  # a suite's own house-keeping is not what it measures


class Bench(BenchView):
    """Everything at a glance."""

    def get(self, request: Request) -> Response:
        return Response(
            {
                "fixtures": stories.names(),
                "snapshots": [found.json for found in snapshots.all_of_them()],
                "faults": rules.listed(),
            }
        )


class Reset(BenchView):
    def post(self, request: Request) -> Response:
        told = body_of(request, "fixture", "now")
        name = text(told, "fixture", default="sample")
        if name not in stories.names():
            raise BadRequest(
                f"There is no fixture {shown(name)!r}; there are "
                f"{', '.join(stories.names())}.",
                target="fixture",
            )
        now = moment(told)
        because(f"Test bench: reset to {name}")
        with turns.alone():
            records = stories.told(name, now=now)
            removed = stories.begin_anew(records)
        return Response({"fixture": name, "removed": removed, "created": len(records)})


class Snapshots(BenchView):
    def get(self, request: Request) -> Response:
        return Response({"value": [found.json for found in snapshots.all_of_them()]})

    def post(self, request: Request) -> Response:
        told = body_of(request, "name")
        with turns.alone():
            taken = snapshots.take(text(told, "name", default=uuid.uuid4().hex))
        address = f"{public_url(request)}testbench/snapshots/{taken.name}"
        return Response(taken.json, 201, headers={"Location": address})


class OneSnapshot(BenchView):
    def get(self, request: Request, name: str) -> Response:
        return Response(snapshots.find(name).json)

    def delete(self, request: Request, name: str) -> Response:
        snapshots.forget(name)
        return Response(status=204)


class Restore(BenchView):
    def post(self, request: Request) -> Response:
        name = text(body_of(request, "name"), "name")
        because(f"Test bench: restore of {shown(name)}")
        with turns.alone():
            restored = snapshots.restore(name)
        return Response({"name": name, **asdict(restored)})


class Faults(BenchView):
    def get(self, request: Request) -> Response:
        return Response({"faults": rules.listed()})

    def put(self, request: Request) -> Response:
        told = body_of(request, "faults").get("faults")
        rules.replace_all(rules.parse_all(told))
        return Response({"faults": rules.listed()})

    def post(self, request: Request) -> Response:
        rules.add([rules.Rule.parse(request.data)])
        return Response({"faults": rules.listed()}, 201)

    def delete(self, request: Request) -> Response:
        rules.clear()
        return Response(status=204)


def body_of(request: Request, *known: str) -> dict[str, Any]:
    """Return the object that was sent, or none for no body; refuse unknown names."""
    told = request.data
    if not isinstance(told, dict):
        raise BadRequest("The body must be a JSON object.")
    for name in told:
        if name not in known:
            raise BadRequest(
                f"{shown(name)!r} is not known here; known is {', '.join(known)}.",
                target=shown(name),
            )
    return told


def text(told: dict[str, Any], name: str, *, default: str | None = None) -> str:
    value = told.get(name, default)
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be a text.", target=name)
    return value


def moment(told: dict[str, Any]) -> dt.datetime:
    """Return the moment at which stories are to be told, by default this one."""
    if "now" not in told:
        return timezone.now()
    with contextlib.suppress(ValueError):
        now = dt.datetime.fromisoformat(text(told, "now"))
        if now.tzinfo and MOVABLE[0] <= now < MOVABLE[1]:
            return now
    raise BadRequest(
        "now must be a moment of the years 1900 to 2199 with an offset, such as "
        "2026-11-23T08:00:00Z.",
        target="now",
    )
