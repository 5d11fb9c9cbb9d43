"""Radiologists, licences, privileges, presence, shifts and who is rostered on them."""
