"""One order tried out: on a pasted message, on a past order, on a form; nothing is stored."""
