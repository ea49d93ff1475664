"""Fetch of an item's media, guarded. A URI enters, a path to a checked local file leaves; hostile input is the rule."""
