"""Destinations, outbound HL7 messages, delivery, dead letters and replay."""
