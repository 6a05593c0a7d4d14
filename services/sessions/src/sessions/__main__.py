"""Run the sessions service: `python -m sessions [api|worker]`."""

from chassis.service import run
from sessions.app import build

run("sessions", build)
