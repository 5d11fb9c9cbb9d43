"""The pages of rules and policies."""
