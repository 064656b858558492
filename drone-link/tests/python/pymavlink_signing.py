"""pymavlink is an aircraft with a signing key, then somebody who has not got it.

Usage: pymavlink_signing.py PORT KEY. Prints "verified" when it has taken signed frames from the link, "attacked" when it has sent what
must be refused, 10 frames of each kind. Goes on as the aircraft until its standard input ends.
"""

import os
import sys
import threading
import time

os.environ["MAVLINK20"] = "1"
from pymavlink import mavutil  # noqa: E402  (the version must be chosen before the import)

M = mavutil.mavlink
# Timestamps of signatures count in 10 microseconds.
MINUTE = 6_000_000


def connect(port, key):
    link = mavutil.mavlink_connection(f"udpout:127.0.0.1:{port}", source_system=1, source_component=1)
    if key is not None:
        link.setup_signing(key, sign_outgoing=True, link_id=1)
    return link


def heartbeat(link, armed=False):
    mode = M.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | (M.MAV_MODE_FLAG_SAFETY_ARMED if armed else 0)
    return M.MAVLink_heartbeat_message(M.MAV_TYPE_QUADROTOR, M.MAV_AUTOPILOT_PX4, mode, 0x03040000, M.MAV_STATE_ACTIVE, 3)


def attack(aircraft, port, key, recorded):
    """Ten frames of each kind, from the aircraft's own address; each says that the aircraft is armed."""
    for packed in recorded[:10]:
        aircraft.write(packed)
    forger, plain, late = (M.MAVLink(None, 1, 1) for _ in range(3))
    forger.signing.secret_key, forger.signing.sign_outgoing = bytes(32 * [9]), True
    forger.signing.timestamp = aircraft.mav.signing.timestamp + MINUTE
    late.signing.secret_key, late.signing.sign_outgoing, late.signing.link_id = key, True, 2
    late.signing.timestamp = aircraft.mav.signing.timestamp - 2 * MINUTE
    for sender in (forger, plain, late):
        for _ in range(10):
            aircraft.write(heartbeat(sender, armed=True).pack(sender))


def main():
    port, key = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    aircraft, recorded, said = connect(port, key), [], set()
    end = time.monotonic() + 50.0
    while not ended.is_set() and time.monotonic() < end:
        packed = heartbeat(aircraft).pack(aircraft.mav)
        recorded.append(packed)
        aircraft.write(packed)
        while aircraft.recv_match(blocking=True, timeout=0.05) is not None:
            pass
        signing = aircraft.mav.signing
        assert signing.badsig_count == 0 and signing.unsigned_count == 0, vars(signing)
        if "verified" not in said and signing.goodsig_count >= 5 and len(recorded) > 10:
            said.add("verified")
            print("verified", flush=True)
            attack(aircraft, port, key, recorded)
            print("attacked", flush=True)


main()
