"""Run one command and say what it cost: python -I -S measure.py RESULT COMMAND...

RESULT gets "exit-code wall-seconds user-seconds peak-kilobytes". A process of its own, because Linux counts the memory
of the process that starts a command into the command's peak: this one is small, the driver with its emulator is not.
"""

import os
import sys
import time

started = time.perf_counter()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - started
with open(sys.argv[1], "w") as result:
    result.write(f"{os.waitstatus_to_exitcode(status)} {wall} {usage.ru_utime} {usage.ru_maxrss}\n")
