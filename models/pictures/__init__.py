"""Models that mark parts of pictures: lines of text, parts of a page, objects.

Enters: items with fetched picture files. Leaves: boxes in percent of the picture as a person sees it, with scores.
"""
