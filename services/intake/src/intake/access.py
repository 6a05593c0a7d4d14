"""Who may use which route of intake? A route without a row stops the start."""

from collections.abc import Mapping

from chassis.access import Row, may, services

_STAFF = (
    "intake_coordinator",
    "therapist",
    "prescriber",
    "prescriber_designee",
    "clinical_supervisor",
    "privacy_officer",
    "site_admin",
)
_CARE = ("intake_coordinator", "therapist", "prescriber", "prescriber_designee")
_READERS = (*_CARE, "clinical_supervisor", "privacy_officer", "client")
_DIRECTORY = may(*_STAFF, "operator", services=("sessions", "integration", "notifications"))

ACCESS: Mapping[str, Row] = {
    "POST /v1/sites": may("site_admin"),
    "GET /v1/sites/{site_id}": _DIRECTORY,
    "POST /v1/staff": may("site_admin"),
    "POST /v1/staff/{staff_id}/record-licence": may("site_admin"),
    "POST /v1/staff/{staff_id}/record-training": may("site_admin"),
    "GET /v1/staff/{staff_id}": _DIRECTORY,
    "POST /v1/clients": may("intake_coordinator"),
    "GET /v1/clients": may(*_CARE, "clinical_supervisor", "privacy_officer"),
    "GET /v1/clients/{client_id}": may(*_READERS),
    "POST /v1/clients/{client_id}/change-contact": may("intake_coordinator"),
    "POST /v1/clients/{client_id}/change-standing": may("intake_coordinator"),
    "POST /v1/clients/confirm": services("notifications"),
    "POST /v1/pathways": may("intake_coordinator"),
    "GET /v1/pathways/{pathway_id}": may(*_READERS),
    "POST /v1/pathways/{pathway_id}/change-care-team": may("intake_coordinator"),
    "POST /v1/pathways/{pathway_id}/close-pathway": may("intake_coordinator"),
    "POST /v1/pathways/{pathway_id}/sign-consent": may("client", "intake_coordinator"),
    "POST /v1/pathways/{pathway_id}/withdraw-consent": may("client", "intake_coordinator"),
    "POST /v1/pathways/{pathway_id}/verify-prescription": may("intake_coordinator"),
    "POST /v1/pathways/{pathway_id}/end-prescription": may("intake_coordinator"),
    "POST /v1/pathways/{pathway_id}/record-ledger": may("intake_coordinator"),
    "POST /v1/pathways/{pathway_id}/decide-clearance": may("prescriber"),
    "POST /v1/pathways/{pathway_id}/ask-dose": services("sessions"),
    "POST /v1/pathways/{pathway_id}/reserve-dose": services("sessions"),
    "GET /v1/consent-texts": may(*_STAFF, "client"),
}
