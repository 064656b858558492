"""pymavlink reads a telemetry log. Usage: pymavlink_tlog.py FILE. Prints `SYSTEM TYPE COUNT` lines, sorted, then `span SECONDS`."""

import collections
import os
import sys

os.environ["MAVLINK20"] = "1"
from pymavlink import mavutil  # noqa: E402  (the version must be chosen before the import)

log = mavutil.mavlink_connection(sys.argv[1])
counts, times = collections.Counter(), []
while (message := log.recv_match()) is not None:
    assert message.get_type() != "BAD_DATA", message
    counts[(message.get_srcSystem(), message.get_type())] += 1
    times.append(message._timestamp)
for (system, kind), count in sorted(counts.items()):
    print(system, kind, count)
print("span", round(max(times) - min(times), 3))
