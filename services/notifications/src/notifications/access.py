"""Who may use which route of notifications? A route without a row stops the start.

A client reaches only their own plans; an operator sees how notices stand, not whom they are about.
"""

from collections.abc import Mapping

from chassis.access import Row, may

_READERS = may("intake_coordinator", "therapist", "operator", "client")

ACCESS: Mapping[str, Row] = {
    "GET /v1/plans": _READERS,
    "GET /v1/plans/{plan_id}": _READERS,
}
