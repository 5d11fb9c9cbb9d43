"""The worker: a watchdog over django-q2 clusters that die, stall or miss a notice."""
