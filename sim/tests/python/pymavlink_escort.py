"""pymavlink flies a simulated aircraft by bare messages: arm, take off, reposition, mission, return, land.

Usage: pymavlink_escort.py PORT. Exits with an assertion's text when something makes no sense.
"""

import math
import os
import sys
import time

os.environ["MAVLINK20"] = "1"
from pymavlink import mavutil  # noqa: E402  (the version must be chosen before the import)

M = mavutil.mavlink
DEGREE_M = 111_195.0


class Pilot:
    """One connection, and what was heard on it."""

    def __init__(self, port):
        self.link = mavutil.mavlink_connection(f"udpin:127.0.0.1:{port}", source_system=255)
        self.texts, self.position, self.battery_pct, self.armed, self.beat = [], None, None, None, 0.0

    def hear(self, kind=None, limit_s=30.0, condition=lambda message: True):
        """The next message of a kind, while all others are noted."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if time.monotonic() > self.beat + 0.1:
                self.beat = time.monotonic()
                self.link.mav.heartbeat_send(M.MAV_TYPE_GCS, M.MAV_AUTOPILOT_INVALID, 0, 0, M.MAV_STATE_ACTIVE)
            message = self.link.recv_match(blocking=True, timeout=0.05)
            if message is None:
                continue
            self.note(message)
            if kind and message.get_type() == kind and condition(message):
                return message
        raise AssertionError(f"no {kind} within {limit_s} s; texts {self.texts}")

    def note(self, message):
        kind = message.get_type()
        if kind == "STATUSTEXT":
            self.texts.append(message.text)
        elif kind == "GLOBAL_POSITION_INT":
            self.position = message
        elif kind == "SYS_STATUS":
            self.battery_pct = message.battery_remaining
        elif kind == "HEARTBEAT" and message.get_srcComponent() == 1:
            self.armed = bool(message.base_mode & M.MAV_MODE_FLAG_SAFETY_ARMED)

    def command(self, command, *params):
        """Sends a command until it is accepted for good."""
        params = list(params) + [0.0] * (7 - len(params))
        end = time.monotonic() + 15.0
        while time.monotonic() < end:
            self.link.mav.command_long_send(1, 1, command, 0, *params)
            answer = self.hear("COMMAND_ACK", 5.0, lambda m: m.command == command)
            if answer.result == M.MAV_RESULT_ACCEPTED:
                return
            assert answer.result == M.MAV_RESULT_TEMPORARILY_REJECTED, f"command {command}: result {answer.result}"
        raise AssertionError(f"command {command} stays rejected; texts {self.texts}")

    def upload(self, items):
        self.link.mav.mission_count_send(1, 1, len(items), M.MAV_MISSION_TYPE_MISSION)
        while True:
            message = self.hear_any(("MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK"))
            if message.get_type() == "MISSION_ACK":
                assert message.type == M.MAV_MISSION_ACCEPTED, f"upload: {message.type}"
                return
            command, lat, lon, height = items[message.seq]
            self.link.mav.mission_item_int_send(
                1, 1, message.seq, M.MAV_FRAME_GLOBAL_RELATIVE_ALT_INT, command, int(message.seq == 0), 1,
                0, 0, 0, math.nan, round(lat * 1e7), round(lon * 1e7), height, M.MAV_MISSION_TYPE_MISSION)

    def hear_any(self, kinds):
        end = time.monotonic() + 10.0
        while time.monotonic() < end:
            message = self.link.recv_match(blocking=True, timeout=0.05)
            if message is not None:
                self.note(message)
                if message.get_type() in kinds:
                    return message
        raise AssertionError(f"none of {kinds}")

    def off_m(self, lat, lon):
        north = (self.position.lat * 1e-7 - lat) * DEGREE_M
        east = (self.position.lon * 1e-7 - lon) * DEGREE_M * math.cos(math.radians(lat))
        return math.hypot(north, east)


def main():
    pilot = Pilot(int(sys.argv[1]))
    home = pilot.hear("HOME_POSITION")
    lat, lon, amsl = home.latitude * 1e-7, home.longitude * 1e-7, home.altitude * 1e-3
    pilot.hear("SYS_STATUS")
    before = pilot.battery_pct
    pilot.command(M.MAV_CMD_COMPONENT_ARM_DISARM, 1.0)
    pilot.command(M.MAV_CMD_NAV_TAKEOFF, math.nan, 0, 0, math.nan, math.nan, math.nan, amsl + 10.0)
    pilot.hear("GLOBAL_POSITION_INT", condition=lambda m: m.relative_alt > 9_000)
    goal = (lat + 0.0005, lon + 0.0003)
    pilot.link.mav.command_int_send(
        1, 1, M.MAV_FRAME_GLOBAL, M.MAV_CMD_DO_REPOSITION, 0, 0, -1, 1, 0, math.nan,
        round(goal[0] * 1e7), round(goal[1] * 1e7), amsl + 14.0)
    pilot.hear("GLOBAL_POSITION_INT", 40.0, lambda m: pilot.off_m(*goal) < 3.0)
    corner = (lat + 0.0002, lon - 0.0004)
    pilot.upload([(M.MAV_CMD_NAV_WAYPOINT, *goal, 18.0), (M.MAV_CMD_NAV_WAYPOINT, *corner, 18.0)])
    pilot.command(M.MAV_CMD_MISSION_START)
    pilot.hear("MISSION_ITEM_REACHED", 60.0, lambda m: m.seq == 1)
    pilot.hear("GLOBAL_POSITION_INT", 20.0, lambda m: pilot.off_m(*corner) < 3.0)
    pilot.command(M.MAV_CMD_NAV_RETURN_TO_LAUNCH)
    pilot.hear("HEARTBEAT", 90.0, lambda m: pilot.armed is False)
    assert pilot.off_m(lat, lon) < 4.0, "landed away from home"
    pilot.hear("SYS_STATUS")
    assert 60 <= pilot.battery_pct < before, f"battery {before} -> {pilot.battery_pct}"
    assert any("Landing detected" in text for text in pilot.texts), pilot.texts
    print(f"pymavlink: battery {before} -> {pilot.battery_pct}; texts {pilot.texts}")


main()
