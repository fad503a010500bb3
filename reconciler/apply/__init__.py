"""Making a plan so. The only package that changes anything on a server or in a lock, always through the journal."""
