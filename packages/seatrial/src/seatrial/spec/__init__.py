"""What is declared: subject, server, database, plan, workload, objective; and the file that declares it."""

__all__: list[str] = []
