"""Inbound HL7 messages, sender profiles, MLLP listener, one handler per message kind."""
