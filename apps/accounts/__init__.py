"""Users, roles, the role matrix and site scope."""
