"""Clock, upward events, request id, actor, queue and logs; no radiology words."""
