"""Changes to rules that are more than saving a form."""
