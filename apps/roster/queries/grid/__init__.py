"""The roster as a grid: days or the hours of one day, by shift or by person."""
