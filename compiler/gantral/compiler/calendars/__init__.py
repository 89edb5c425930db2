"""Calendars: the zones that there are, and the holidays of an iCalendar file."""
