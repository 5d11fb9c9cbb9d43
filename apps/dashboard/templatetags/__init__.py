"""How the pages say times, spans and states."""
