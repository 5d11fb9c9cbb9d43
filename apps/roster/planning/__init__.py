"""Works out who could take which turns of a period: rules, a model, and a solver behind a pipe.

Pure: facts go in, seats and reasons come out. Nothing here reads the database.
"""
