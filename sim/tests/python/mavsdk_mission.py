"""MAVSDK's mission plugin: upload, download, start, progress, pause, going on, jumping to an item, clearing; then the raw plugin's.

Usage: mavsdk_mission.py PORT. Exits with an assertion's text when something makes no sense.
"""

import math
import time

from mavsdk.plugins.action import Action
from mavsdk.plugins.mission import Mission, MissionItem, MissionPlan
from mavsdk.plugins.mission_raw import MissionItem as RawItem
from mavsdk.plugins.mission_raw import MissionRaw, MissionRawResult
from mavsdk.plugins.telemetry import FlightMode, Telemetry

from mavsdk_client import connect, distance_m, moved, refused, wait_for

STILL_M_S = 0.5
"""Slower than this an aircraft stands in the air."""


def a_plan(home):
    """A square with a camera that looks down, and a wait at one corner."""
    items = []
    for number, (north_m, east_m) in enumerate([(20, 0), (60, 0), (60, 50), (10, 50)]):
        lat, lon = moved(home.latitude_deg, home.longitude_deg, north_m, east_m)
        items.append(MissionItem(
            latitude_deg=lat, longitude_deg=lon, relative_altitude_m=15.0 + number, speed_m_s=8.0, is_fly_through=number != 2,
            gimbal_pitch_deg=-30.0, gimbal_yaw_deg=0.0, acceptance_radius_m=2.0, loiter_time_s=1.0 if number == 2 else math.nan,
            yaw_deg=math.nan))
    return MissionPlan(items)


def same(sent, back):
    """Places to the scaled integers of the wire, the rest as floats of 32 bits."""
    pairs = [(sent.latitude_deg, back.latitude_deg, 1e-7), (sent.longitude_deg, back.longitude_deg, 1e-7)]
    for name in ("relative_altitude_m", "speed_m_s", "gimbal_pitch_deg", "gimbal_yaw_deg", "acceptance_radius_m"):
        pairs.append((getattr(sent, name), getattr(back, name), 1e-4))
    equal = all(abs(a - b) <= off or (math.isnan(a) and math.isnan(b)) for a, b, off in pairs)
    return equal and sent.is_fly_through == back.is_fly_through


def speed_m_s(telemetry):
    velocity = telemetry.velocity_ned()
    return math.hypot(velocity.north_m_s, velocity.east_m_s)


def nothing_to_start(mission, telemetry):
    """PX4 acknowledges the change of mode before it has looked (flight.md 1), and the library believes that; the mode says the truth."""
    mission.start_mission()
    time.sleep(0.6)  # Three seconds of the aircraft's life, and three heartbeats.
    assert telemetry.flight_mode() == FlightMode.HOLD, telemetry.flight_mode()


def fly_the_mission(action, mission, telemetry, home):
    nothing_to_start(mission, telemetry)
    plan = a_plan(home)
    mission.upload_mission(plan)
    back = mission.download_mission().mission_items
    assert len(back) == len(plan.mission_items), f"{len(back)} items came back"
    for number, (one, other) in enumerate(zip(plan.mission_items, back)):
        assert same(one, other), f"item {number}: {one} came back as {other}"

    seen = []
    mission.subscribe_mission_progress(lambda progress, *_: seen.append((progress.current, progress.total)))
    action.arm()
    mission.start_mission()
    wait_for("mission mode", lambda: telemetry.flight_mode() == FlightMode.MISSION)
    wait_for("the second item", lambda: mission.mission_progress().current >= 1)
    mission.pause_mission()
    wait_for("standing still", lambda: telemetry.flight_mode() == FlightMode.HOLD and speed_m_s(telemetry) < STILL_M_S)
    paused = mission.mission_progress().current
    assert not mission.is_mission_finished()
    time.sleep(0.6)  # Three seconds of the aircraft's life in which it must not go on by itself.
    assert mission.mission_progress().current == paused, "it went on although paused"
    mission.start_mission()
    wait_for("the end", mission.is_mission_finished)
    last = plan.mission_items[-1]
    assert distance_m(telemetry.position(), last.latitude_deg, last.longitude_deg) < 5.0, telemetry.position()
    progress = [current for current, _ in seen]
    assert progress == sorted(progress) and {total for _, total in seen} == {4}, seen
    return plan


def jump_and_clear(mission, telemetry, plan):
    mission.set_current_mission_item(1)
    mission.start_mission()
    goal = plan.mission_items[1]
    wait_for("the second corner again", lambda: distance_m(telemetry.position(), goal.latitude_deg, goal.longitude_deg) < 3.0)
    mission.pause_mission()
    mission.clear_mission()
    assert mission.download_mission().mission_items == [], "something was left on board"
    nothing_to_start(mission, telemetry)


def raw_mission(raw, home):
    """What the raw plugin sends comes back field by field; an item that PX4 does not know rejects the whole."""
    def item(seq, command, north_m):
        lat, lon = moved(home.latitude_deg, home.longitude_deg, north_m, 0)
        return RawItem(seq=seq, frame=6, command=command, current=int(seq == 0), autocontinue=1, param1=0.0, param2=0.0, param3=0.0,
                       param4=math.nan, x=round(lat * 1e7), y=round(lon * 1e7), z=20.0, mission_type=0)

    def fields(one):
        return (one.seq, one.frame, one.command, one.autocontinue, one.x, one.y, one.z, one.param1, one.param2, one.mission_type)

    good = [item(0, 22, 0.0), item(1, 16, 30.0), item(2, 16, 60.0)]
    raw.upload_mission(good)
    assert [fields(one) for one in raw.download_mission()] == [fields(one) for one in good]
    spline = 82  # MAV_CMD_NAV_SPLINE_WAYPOINT (flight.md 18)
    refused(lambda: raw.upload_mission([*good, item(3, spline, 90.0)]), MissionRawResult.UNSUPPORTED)
    assert len(raw.download_mission()) == 3, "a refused upload replaced the mission"
    raw.clear_mission()
    assert raw.download_mission() == []


def main():
    _sdk, system = connect()
    action, telemetry, mission, raw = Action(system), Telemetry(system), Mission(system), MissionRaw(system)
    wait_for("health", lambda: telemetry.health().is_armable and telemetry.health().is_global_position_ok)
    home = telemetry.position()
    plan = fly_the_mission(action, mission, telemetry, home)
    jump_and_clear(mission, telemetry, plan)
    raw_mission(raw, home)
    action.return_to_launch()
    wait_for("landing", lambda: not telemetry.armed(), 90.0)
    assert distance_m(telemetry.position(), home.latitude_deg, home.longitude_deg) < 4.0, "landed away from home"
    print("mavsdk: mission flown, paused, gone on with, jumped in, cleared; raw mission up and down")


main()
