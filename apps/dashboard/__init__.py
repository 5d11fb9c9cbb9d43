"""Board, worklists and figures; reads only."""
