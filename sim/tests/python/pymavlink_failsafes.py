"""pymavlink breaks a simulated aircraft in flight and times what it does, on the aircraft's own clock.

Usage: pymavlink_failsafes.py PORT. Exits with an assertion's text when something makes no sense. The times are those observed on PX4 1.16
(flight.md 12, 22–24): battery 15 % warns, 7 % holds and returns 5 s later, 5 % lands; a lost ground station returns after 18 s; lost
satellites land blindly after 5 s; lost setpoints are a manual mode that sinks at 0.7 m/s.
"""

import math
import os
import struct
import sys
import time

os.environ["MAVLINK20"] = "1"
from pymavlink import mavutil  # noqa: E402  (the version must be chosen before the import)

M = mavutil.mavlink
OFFBOARD, HOLD, RETURN, LAND, MANUAL = (6, 0), (4, 3), (4, 5), (4, 6), (1, 0)
GPS, BATTERY = M.FAILURE_UNIT_SENSOR_GPS, M.FAILURE_UNIT_SYSTEM_BATTERY


class Tester:
    """One connection, and what was heard on it, at the aircraft's time."""

    def __init__(self, port):
        self.link = mavutil.mavlink_connection(f"udpin:127.0.0.1:{port}", source_system=255)
        self.beat, self.silent, self.streams_m_s = 0.0, False, None
        self.now_s, self.modes, self.texts, self.sinks_m_s, self.armed, self.height_m = 0.0, [], [], [], False, 0.0

    def live(self, span_s):
        """Hears and speaks for some of our own seconds."""
        end = time.monotonic() + span_s
        while time.monotonic() < end:
            if time.monotonic() > self.beat + 0.04:
                self.beat = time.monotonic()
                self.speak()
            message = self.link.recv_match(blocking=True, timeout=0.02)
            if message is not None:
                self.note(message)

    def speak(self):
        if not self.silent:
            self.link.mav.heartbeat_send(M.MAV_TYPE_GCS, M.MAV_AUTOPILOT_INVALID, 0, 0, M.MAV_STATE_ACTIVE)
        if self.streams_m_s is not None:
            self.link.mav.set_position_target_local_ned_send(
                0, 1, 1, M.MAV_FRAME_LOCAL_NED, 0b1101_1100_0111, 0, 0, 0, self.streams_m_s, 0, 0, 0, 0, 0, 0, 0)

    def note(self, message):
        kind = message.get_type()
        if kind == "ATTITUDE":
            self.now_s = message.time_boot_ms * 1e-3
        elif kind == "GLOBAL_POSITION_INT":
            self.height_m = message.relative_alt * 1e-3
            self.sinks_m_s.append((self.now_s, message.vz * 1e-2))
        elif kind == "STATUSTEXT":
            self.texts.append((self.now_s, message.text))
        elif kind == "HEARTBEAT" and message.get_srcComponent() == 1:
            self.armed = bool(message.base_mode & M.MAV_MODE_FLAG_SAFETY_ARMED)
            mode = (message.custom_mode >> 16 & 0xFF, message.custom_mode >> 24)
            if not self.modes or self.modes[-1][1] != mode:
                self.modes.append((self.now_s, mode))

    def wait(self, what, condition, limit_s=30.0):
        end = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < end, f"{what}: not within {limit_s} s; modes {self.modes}; texts {self.texts[-6:]}"
            self.live(0.02)

    def command(self, command, *params, expected=M.MAV_RESULT_ACCEPTED):
        params = list(params) + [0.0] * (7 - len(params))
        end = time.monotonic() + 10.0
        while time.monotonic() < end:
            self.link.mav.command_long_send(1, 1, command, 0, *params)
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                message = self.link.recv_match(blocking=True, timeout=0.02)
                if message is None:
                    continue
                self.note(message)
                if message.get_type() == "COMMAND_ACK" and message.command == command:
                    if message.result == expected:
                        return
                    break
            self.live(0.1)
        raise AssertionError(f"command {command}: never {expected}; texts {self.texts[-6:]}")

    def set_integer(self, name, value):
        self.set(name, struct.unpack("<f", struct.pack("<i", value))[0], M.MAV_PARAM_TYPE_INT32)

    def set(self, name, value, kind=M.MAV_PARAM_TYPE_REAL32):
        self.link.mav.param_set_send(1, 1, name.encode(), value, kind)
        self.live(0.1)

    def breaks(self, unit, kind=M.FAILURE_TYPE_OFF):
        self.command(M.MAV_CMD_INJECT_FAILURE, unit, kind, 0)

    def mode(self):
        return self.modes[-1][1]

    def after_s(self, since_s, mode, limit_s=30.0):
        """When the mode was first seen after a moment, seconds of the aircraft's life."""
        seen = lambda: [at_s for at_s, one in self.modes if one == mode and at_s >= since_s - 1e-3]
        self.wait(f"mode {mode}", seen, limit_s)
        return seen()[0] - since_s


def near(what, took_s, expected_s):
    """Never sooner, but for a look; a busy machine hears and speaks late. The exact times are held in virtual time (px4_failsafes.rs)."""
    assert -0.5 <= took_s - expected_s <= 2.0, f"{what} after {took_s:.2f} s instead of {expected_s} s"
    return f"{what} {took_s:.1f} s"


def begin(tester):
    tester.wait("the aircraft", lambda: tester.modes and tester.now_s > 4.5)
    for message_id, interval_us in ((M.MAVLINK_MSG_ID_HEARTBEAT, 100_000), (M.MAVLINK_MSG_ID_ATTITUDE, 40_000)):
        tester.command(M.MAV_CMD_SET_MESSAGE_INTERVAL, message_id, interval_us)
    tester.command(M.MAV_CMD_INJECT_FAILURE, GPS, M.FAILURE_TYPE_OFF, 0, expected=M.MAV_RESULT_DENIED)
    tester.set_integer("SYS_FAILURE_EN", 1)


def rise(tester):
    home = tester.link.recv_match(type="HOME_POSITION", blocking=True, timeout=10.0)
    tester.command(M.MAV_CMD_NAV_TAKEOFF, math.nan, 0, 0, math.nan, math.nan, math.nan, home.altitude * 1e-3 + 30.0)
    tester.command(M.MAV_CMD_COMPONENT_ARM_DISARM, 1)
    tester.wait("30 m", lambda: tester.height_m > 29.0 and tester.mode() == HOLD, 60.0)


def lost_setpoints(tester):
    """The default: by hand, with nobody at the sticks."""
    tester.streams_m_s = 0.0
    tester.live(0.3)
    tester.command(M.MAV_CMD_DO_SET_MODE, 1, 6)
    tester.wait("offboard", lambda: tester.mode() == OFFBOARD)
    tester.live(0.3)
    since_s, tester.streams_m_s = tester.now_s, None
    # COM_OF_LOSS_T after the last setpoint; 1.5 s were seen on PX4, whose mode was told once a second.
    took = near("lost setpoints", tester.after_s(since_s, MANUAL), 1.0)
    tester.live(0.8)
    sinks = [sink for at_s, sink in tester.sinks_m_s if at_s > since_s + 3.5]
    assert abs(sum(sinks) / len(sinks) - 0.7) < 0.15, f"sinks at {sum(sinks) / len(sinks)} m/s"
    tester.command(M.MAV_CMD_DO_SET_MODE, 1, 4, 3)
    tester.wait("hold", lambda: tester.mode() == HOLD)
    return took


def lost_ground_station(tester):
    tester.set_integer("NAV_DLL_ACT", 2)
    since_s, tester.silent = tester.now_s, True
    took = tester.after_s(since_s, RETURN, 20.0)
    tester.silent = False
    tester.live(0.6)
    assert tester.mode() == RETURN, "it must stay in return when the link is there again"
    tester.command(M.MAV_CMD_DO_SET_MODE, 1, 4, 3)
    tester.wait("hold", lambda: tester.mode() == HOLD)
    return near("lost ground station", took, 18.0)


def empty_battery(tester):
    # The hold of the failsafe before was used up; it comes back within four times COM_FAIL_ACT_T.
    full_s = tester.now_s + 20.0
    tester.wait("the hold", lambda: tester.now_s > full_s)
    tester.set("SIM_BAT_MIN_PCT", 14.5)
    tester.wait("the warning", lambda: any("Low battery" in text for _, text in tester.texts))
    assert tester.mode() == HOLD, "a warning changes no mode"
    since_s = tester.now_s
    tester.set("SIM_BAT_MIN_PCT", 6.9)
    critical = near("critical battery", tester.after_s(since_s, RETURN), 5.0)
    since_s = tester.now_s
    tester.breaks(BATTERY)
    emergency_s = tester.after_s(since_s, LAND)
    assert emergency_s < 2.0, f"an empty battery lands at once, not after {emergency_s} s"
    tester.wait("the ground", lambda: not tester.armed, 60.0)
    return f"{critical}, empty battery {emergency_s:.1f} s"


def lost_satellites(tester):
    """With a battery that is full again."""
    tester.set("SIM_BAT_MIN_PCT", 90.0)
    rise(tester)
    since_s = tester.now_s
    tester.breaks(GPS)
    took = near("lost satellites", tester.after_s(since_s, LAND), 5.0)
    tester.wait("the ground", lambda: not tester.armed, 60.0)
    return took


def main():
    tester = Tester(int(sys.argv[1]))
    begin(tester)
    rise(tester)
    seen = [part(tester) for part in (lost_setpoints, lost_ground_station, empty_battery, lost_satellites)]
    print("pymavlink: " + ", ".join(seen))


main()
