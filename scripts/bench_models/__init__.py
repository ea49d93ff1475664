"""``make bench-models``: what our models cost beside the bare libraries that they stand on."""
