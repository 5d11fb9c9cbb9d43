"""Stand-ins for the systems around us, on real sockets."""
