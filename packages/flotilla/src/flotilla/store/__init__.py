"""All SQL of the site, and the only importer of psycopg: connections, the shard map, one module per kind of row.

The tables themselves are declared in `flotilla/migrations`.
"""

__all__: list[str] = []
