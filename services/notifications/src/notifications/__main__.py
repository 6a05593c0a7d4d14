"""Run the notifications service: `python -m notifications [api|worker]`."""

from chassis.service import run
from notifications.app import build

run("notifications", build)
