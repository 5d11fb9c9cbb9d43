"""HL7 v2 as bytes: MLLP frames, parsing, order facts, ACK and ZRA; knows no framework."""
