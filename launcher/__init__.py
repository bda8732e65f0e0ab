"""How processes start, stay alive and stop."""
