"""Run the integration service: `python -m integration [api|worker]`."""

from chassis.service import run
from integration.app import build

run("integration", build)
