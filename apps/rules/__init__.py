"""Assignment rules and their versions, condition schema, SLA policies, scoring weights."""
