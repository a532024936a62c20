"""`make bench`: what our pages cost beside the least that such a page can cost."""
