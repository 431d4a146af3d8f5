"""Sight: scenes and reports of what the other rooms found."""
