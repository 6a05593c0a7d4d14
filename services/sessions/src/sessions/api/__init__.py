"""What can be asked of sessions over HTTP? Each endpoint translates, asks a rule, shows."""
