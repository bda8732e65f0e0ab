"""One client an upstream, and a sandbox that stands in for all of them."""
