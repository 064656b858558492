"""pymavlink reads and writes parameters and missions of a simulated aircraft over a link that loses messages.

Usage: pymavlink_transfers.py PORT [SEED]. Exits with an assertion's text when something makes no sense.
"""

import math
import os
import random
import struct
import sys
import time

os.environ["MAVLINK20"] = "1"
from pymavlink import mavutil  # noqa: E402  (the version must be chosen before the import)

M = mavutil.mavlink
AIRCRAFT, AUTOPILOT = 1, M.MAV_COMP_ID_AUTOPILOT1
LOST = 0.3
"""Share of the messages of a transfer that neither end gets."""
ROUNDS_MAX = 60
"""Rounds in which something may stay missing: at three of ten lost, a hundred parameters are there after some six."""
PAUSE_S = 0.2
"""No message of a transfer for this long: the rest was lost. Real time; the aircraft lives five times faster."""


class Station:
    """One connection that loses what belongs to transfers, in both directions, by a seed."""

    def __init__(self, port, seed):
        self.link = mavutil.mavlink_connection(f"udpin:127.0.0.1:{port}", source_system=255)
        self.dice, self.beat, self.lost = random.Random(seed), 0.0, 0

    def hear(self, kinds, limit_s=PAUSE_S, lossy=True):
        """The next message of these kinds from the autopilot, or None when none came in time."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if time.monotonic() > self.beat + 0.1:
                self.beat = time.monotonic()
                self.link.mav.heartbeat_send(M.MAV_TYPE_GCS, M.MAV_AUTOPILOT_INVALID, 0, 0, M.MAV_STATE_ACTIVE)
            message = self.link.recv_match(type=list(kinds), blocking=True, timeout=0.05)
            if message is None or message.get_srcComponent() != AUTOPILOT:
                continue
            if not (lossy and self.loses()):
                return message
        return None

    def loses(self):
        lost = self.dice.random() < LOST
        self.lost += lost
        return lost

    def send(self, sender, *fields):
        """Sends, or loses it on the way."""
        if not self.loses():
            sender(AIRCRAFT, AUTOPILOT, *fields)


def value_of(message):
    """PX4 writes integers bytewise into the float field."""
    if message.param_type == M.MAV_PARAM_TYPE_INT32:
        return struct.unpack("<i", struct.pack("<f", message.param_value))[0]
    assert message.param_type == M.MAV_PARAM_TYPE_REAL32, message
    return message.param_value


def as_float(integer):
    return struct.unpack("<f", struct.pack("<i", integer))[0]


def read_parameter(station, name, limit_s=2.0):
    station.link.mav.param_request_read_send(AIRCRAFT, AUTOPILOT, name.encode(), -1)
    while (message := station.hear({"PARAM_VALUE"}, limit_s, lossy=False)) is not None:
        if message.param_id == name:
            return value_of(message)
    return None


def download_parameters(station):
    """The whole list; what is missing is asked for by its place."""
    heard, count, missed = {}, None, 0
    for _ in range(ROUNDS_MAX):
        if count is None:
            station.send(station.link.mav.param_request_list_send)
        while (message := station.hear({"PARAM_VALUE"})) is not None:
            assert count in (None, message.param_count), f"the count changed from {count} to {message.param_count}"
            count = message.param_count
            known = heard.setdefault(message.param_index, (message.param_id, value_of(message)))
            assert known[0] == message.param_id, f"place {message.param_index} is {known[0]} and {message.param_id}"
        if count is None:
            continue
        gaps = [index for index in range(count) if index not in heard]
        if not gaps:
            break
        missed += len(gaps)
        for index in gaps:
            station.send(station.link.mav.param_request_read_send, b"", index)
    assert len(heard) == count, f"{len(heard)} of {count} parameters"
    names = [name for name, _ in heard.values()]
    assert len(set(names)) == len(names), "a name came under two places"
    assert missed > 0, "nothing was lost: this proves nothing"
    return dict(heard.values())


def parameters(station):
    assert station.hear({"HEARTBEAT"}, 20.0, lossy=False), "no aircraft"
    all_of_them = download_parameters(station)
    assert all_of_them["MAV_SYS_ID"] == 1 and all_of_them["RTL_RETURN_ALT"] == 30.0, all_of_them
    assert abs(all_of_them["BAT_CRIT_THR"] - 0.07) < 1e-6, all_of_them

    send = station.link.mav.param_set_send
    send(AIRCRAFT, AUTOPILOT, b"NAV_DLL_ACT", as_float(2), M.MAV_PARAM_TYPE_INT32)
    assert value_of(station.hear({"PARAM_VALUE"}, 2.0, lossy=False)) == 2
    send(AIRCRAFT, AUTOPILOT, b"RTL_RETURN_ALT", 42.5, M.MAV_PARAM_TYPE_REAL32)
    assert value_of(station.hear({"PARAM_VALUE"}, 2.0, lossy=False)) == 42.5
    assert read_parameter(station, "NAV_DLL_ACT") == 2 and read_parameter(station, "RTL_RETURN_ALT") == 42.5
    # A wrong type and an unknown name are not answered, and change nothing (flight.md 16).
    send(AIRCRAFT, AUTOPILOT, b"RTL_RETURN_ALT", as_float(7), M.MAV_PARAM_TYPE_INT32)
    assert station.hear({"PARAM_VALUE"}, 0.5, lossy=False) is None, "a wrong type was answered"
    assert read_parameter(station, "RTL_RETURN_ALT") == 42.5
    assert read_parameter(station, "NO_SUCH_NAME", 0.5) is None, "an unknown name was answered"
    station.link.mav.param_request_read_send(AIRCRAFT, AUTOPILOT, b"", len(all_of_them))
    assert station.hear({"PARAM_VALUE"}, 0.5, lossy=False) is None, "a place behind the last was answered"
    # Another aircraft's list is not ours to answer.
    station.link.mav.param_request_list_send(AIRCRAFT + 1, AUTOPILOT)
    assert station.hear({"PARAM_VALUE"}, 0.5, lossy=False) is None, "answered for another aircraft"
    return len(all_of_them)


class Item:
    """A mission's item as it is sent, and as it must come back."""

    def __init__(self, command, lat_e7, lon_e7, height_m, params=(0.0, 0.0, 0.0, math.nan), frame=6):
        self.command, self.place, self.height_m, self.params, self.frame = command, (lat_e7, lon_e7), height_m, params, frame

    def is_like(self, message):
        params = (message.param1, message.param2, message.param3, message.param4)
        same = all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(self.params, params))
        return same and (self.command, self.place, self.height_m, self.frame) == (
            message.command, (message.x, message.y), message.z, message.frame)


def a_mission(lat, lon):
    corners = [(0.0, 0.0), (0.0004, 0.0), (0.0004, 0.0005), (0.0001, 0.0005), (0.0, 0.0002)]
    place = [(round((lat + north) * 1e7), round((lon + east) * 1e7)) for north, east in corners]
    items = [Item(M.MAV_CMD_NAV_TAKEOFF, *place[0], 20.0)]
    items += [Item(M.MAV_CMD_NAV_WAYPOINT, *one, 20.0 + number, (0.0, 2.0, 0.0, math.nan)) for number, one in enumerate(place)]
    items.append(Item(M.MAV_CMD_DO_CHANGE_SPEED, 0, 0, 0.0, (1.0, 6.5, 0.0, 0.0), frame=2))
    return items + [Item(M.MAV_CMD_NAV_WAYPOINT, *place[number % 5], 30.0) for number in range(40)]


def upload(station, items):
    """As an aircraft asks; the count is repeated until it asks, a lost item is asked for again."""
    begun = False
    for _ in range(ROUNDS_MAX):
        if not begun:
            station.send(station.link.mav.mission_count_send, len(items), M.MAV_MISSION_TYPE_MISSION)
        while (message := station.hear({"MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK"})) is not None:
            if message.get_type() == "MISSION_ACK":
                assert message.type == M.MAV_MISSION_ACCEPTED, f"upload: {message.type}"
                return
            begun = True
            item = items[message.seq]
            station.send(
                station.link.mav.mission_item_int_send, message.seq, item.frame, item.command, int(message.seq == 0), 1,
                *item.params, *item.place, item.height_m, M.MAV_MISSION_TYPE_MISSION)
        if begun:
            # The last word, or its acknowledgement, is lost for good: what is on board says which.
            return
    raise AssertionError("the aircraft never asked for the mission")


def download(station, kind=M.MAV_MISSION_TYPE_MISSION):
    """Count, then each item by its number; what does not come is asked for again. Ended by an acknowledgement."""
    count, items = None, {}
    for _ in range(ROUNDS_MAX * 10):
        if count is None:
            station.send(station.link.mav.mission_request_list_send, kind)
            message = station.hear({"MISSION_COUNT"})
            count = None if message is None else message.count
            continue
        if len(items) == count:
            break
        wanted = min(set(range(count)) - set(items))
        station.send(station.link.mav.mission_request_int_send, wanted, kind)
        message = station.hear({"MISSION_ITEM_INT"})
        if message is not None:
            items[message.seq] = message
    assert count is not None and len(items) == count, f"{len(items)} of {count} items"
    station.link.mav.mission_ack_send(AIRCRAFT, AUTOPILOT, M.MAV_MISSION_ACCEPTED, kind)
    return [items[seq] for seq in range(count)]


def missions(station):
    home = station.hear({"HOME_POSITION"}, 20.0, lossy=False)
    items = a_mission(home.latitude * 1e-7, home.longitude * 1e-7)
    for attempt in range(ROUNDS_MAX):
        upload(station, items)
        on_board = download(station)
        if len(on_board) == len(items):
            break
    assert len(on_board) == len(items), f"{len(on_board)} of {len(items)} items on board after {ROUNDS_MAX} uploads"
    for seq, (item, message) in enumerate(zip(items, on_board)):
        assert item.is_like(message), f"item {seq} came back different: {message}"
    # A number behind the last is refused with the reason; the plan stays.
    station.link.mav.mission_request_int_send(AIRCRAFT, AUTOPILOT, len(items), M.MAV_MISSION_TYPE_MISSION)
    refusal = station.hear({"MISSION_ACK"}, 2.0, lossy=False)
    assert refusal is not None and refusal.type == M.MAV_MISSION_INVALID_SEQUENCE, refusal
    assert download(station, M.MAV_MISSION_TYPE_FENCE) == [], "there is no fence on board"
    station.link.mav.mission_clear_all_send(AIRCRAFT, AUTOPILOT, M.MAV_MISSION_TYPE_MISSION)
    assert station.hear({"MISSION_ACK"}, 2.0, lossy=False).type == M.MAV_MISSION_ACCEPTED
    assert download(station) == []
    return len(items)


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    station = Station(int(sys.argv[1]), seed)
    count, items = parameters(station), missions(station)
    print(f"pymavlink: seed {seed}: {count} parameters, {items} items up and down, {station.lost} messages lost")


main()
