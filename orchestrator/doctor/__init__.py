"""`parley doctor`: looks at everything a deployment stands on, changes nothing, and says how to mend what it finds."""
