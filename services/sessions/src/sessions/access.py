"""Who may use which route of sessions? A route without a row stops the start."""

from collections.abc import Mapping

from chassis.access import Row, may, services

_DESK = ("intake_coordinator", "therapist")
_CALENDAR = (*_DESK, "prescriber", "prescriber_designee", "clinical_supervisor", "site_admin")
_CHART = ("therapist", "prescriber", "clinical_supervisor")

ACCESS: Mapping[str, Row] = {
    "POST /v1/visits": may(*_DESK),
    "GET /v1/visits": may(*_CALENDAR),
    "POST /v1/visits/confirm": services("notifications"),
    "GET /v1/visits/{visit_id}": may(*_CALENDAR),
    "POST /v1/visits/{visit_id}/move-visit": may(*_DESK),
    "POST /v1/visits/{visit_id}/cancel-visit": may(*_DESK),
    "POST /v1/visits/{visit_id}/check-in": may(*_DESK),
    "POST /v1/visits/{visit_id}/open-presence": may("therapist"),
    "GET /v1/sessions/{session_id}": may(*_CHART),
    "GET /v1/sessions/{session_id}/readiness": may(*_CHART),
    "POST /v1/sessions/{session_id}/close-presence": may("therapist"),
    "POST /v1/sessions/{session_id}/open-sitting": may("therapist"),
    "POST /v1/sessions/{session_id}/release-medicine": may("therapist"),
    "POST /v1/sessions/{session_id}/record-medicine-taken": may("therapist"),
    "POST /v1/sessions/{session_id}/discharge-client": may("therapist"),
    "POST /v1/sessions/{session_id}/entries": may("therapist"),
    "GET /v1/sessions/{session_id}/entries": may("therapist", "clinical_supervisor"),
    "POST /v1/sessions/{session_id}/begin-closing": may("therapist"),
    "POST /v1/sessions/{session_id}/close-session": may("therapist"),
}
