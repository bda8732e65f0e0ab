"""What tests of several folders share: services to talk to, waiting, load, examples."""
