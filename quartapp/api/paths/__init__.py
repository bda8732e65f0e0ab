"""The paths of the OpenAPI description, a module a folder of the API."""
