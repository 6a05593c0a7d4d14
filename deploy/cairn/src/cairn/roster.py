"""Who takes part in a network, under which name?"""

SERVICES = ("intake", "sessions", "integration", "notifications")
OPERATOR = "operator"
"""The role and the caller that look after the bus; never shown what is sealed."""
