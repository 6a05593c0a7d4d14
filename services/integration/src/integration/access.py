"""Who may use which route of integration? A route without a row stops the start.

Beyond the role, `rules/care.py` asks for a place in the pathway's care team.
"""

from collections.abc import Mapping

from chassis.access import Row, may

ACCESS: Mapping[str, Row] = {
    "GET /v1/cases": may("therapist", "clinical_supervisor"),
    "GET /v1/cases/{case_id}": may("therapist", "clinical_supervisor"),
    "GET /v1/cases/{case_id}/record": may("therapist"),
}
