"""Patients and orders, the order's lifecycle and its HL7 segments as they came."""
