"""Run the intake service: `python -m intake [api|worker]`."""

from chassis.service import run
from intake.app import build

run("intake", build)
