"""Forms of the pages of rules and policies."""
