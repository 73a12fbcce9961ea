"""What one password check costs at several settings of argon2id: CPU time and memory, on this machine.

    .venv/bin/python benchmarks/flotilla/argon2_cost.py

Each setting is measured in a process of its own, because memory that was once taken shows in the peak of all that comes
after it. OWASP's Password Storage Cheat Sheet takes all of these for equally hard to guess, but for the last.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time

from argon2 import PasswordHasher

SETTINGS = ((47104, 1), (19456, 2), (12288, 3), (9216, 4), (7168, 5), (65536, 3))


def measured(memory_kib: int, time_cost: int, checks: int) -> dict[str, float]:
    """CPU seconds of one check (median), and by how much a check raised this process's peak memory."""
    hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1, hash_len=32, salt_len=16)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stored = hasher.hash("correct horse battery")
    cpu_s = []
    for _ in range(checks):
        started_s = time.process_time()
        hasher.verify(stored, "correct horse battery")
        cpu_s.append(time.process_time() - started_s)
    after_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu_s": statistics.median(cpu_s), "memory_mib": (after_kib - before_kib) / 1024}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=15, help="how many of each setting (default %(default)s)")
    parser.add_argument("--one", nargs=2, type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(*chosen.one, chosen.checks)))
        return
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    print("memory KiB  passes  CPU ms  peak MiB  checks/s of one CPU")
    for memory_kib, time_cost in SETTINGS:
        command = [sys.executable, __file__, "--checks", str(chosen.checks), "--one", str(memory_kib), str(time_cost)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        found = json.loads(done.stdout)
        cpu_s = found["cpu_s"]
        print(f"{memory_kib:10}  {time_cost:6}  {cpu_s * 1000:6.1f}  {found['memory_mib']:8.1f}  {1 / cpu_s:8.1f}")


if __name__ == "__main__":
    main()
