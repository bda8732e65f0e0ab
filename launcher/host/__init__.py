"""Several processes on one host: the Procfile, their supervisor, its control socket."""
