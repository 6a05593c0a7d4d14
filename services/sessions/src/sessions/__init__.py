"""The calendar, the sitting and its record."""
