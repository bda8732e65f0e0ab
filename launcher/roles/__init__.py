"""The two roles, web and clock, each as the story of its start."""
