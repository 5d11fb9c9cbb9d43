"""Rules, rosters and strategies tried out: on one order, on past days, in simulation; nothing stored."""
