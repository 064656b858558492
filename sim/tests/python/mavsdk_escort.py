"""MAVSDK flies a simulated aircraft: take off, go to a point, fly an uploaded mission, return, land.

Usage: mavsdk_escort.py PORT. Prints what it saw; exits with an assertion's text when something makes no sense.
"""

import math

from mavsdk.plugins.action import Action
from mavsdk.plugins.mission_raw import MissionItem, MissionRaw
from mavsdk.plugins.telemetry import Telemetry

from mavsdk_client import connect, distance_m, wait_for


def mission(latitude_deg, longitude_deg):
    """Take-off and three corners, heights over home."""
    corners = [(0.0, 0.0), (0.0004, 0.0), (0.0004, 0.0005), (0.0, 0.0005)]
    items = []
    for seq, (north, east) in enumerate(corners):
        items.append(MissionItem(
            seq=seq, frame=6, command=22 if seq == 0 else 16, current=1 if seq == 0 else 0, autocontinue=1,
            param1=0.0, param2=0.0, param3=0.0, param4=math.nan,
            x=round((latitude_deg + north) * 1e7), y=round((longitude_deg + east) * 1e7), z=20.0, mission_type=0))
    return items


def main():
    sdk, system = connect()
    action, telemetry, raw = Action(system), Telemetry(system), MissionRaw(system)
    texts = []
    telemetry.subscribe_status_text(lambda text, *_: texts.append(text.text))
    wait_for("health", lambda: telemetry.health().is_armable and telemetry.health().is_global_position_ok)
    home = telemetry.position()
    charge_before = telemetry.battery().remaining_percent
    assert 90 <= charge_before <= 100, f"a full battery, not {charge_before}"
    action.set_takeoff_altitude(12.0)
    action.arm()
    action.takeoff()
    wait_for("climb to 12 m", lambda: telemetry.position().relative_altitude_m > 11.0)
    lat, lon = home.latitude_deg + 0.0006, home.longitude_deg
    action.goto_location(lat, lon, home.absolute_altitude_m + 15.0, 90.0)
    wait_for("the point", lambda: distance_m(telemetry.position(), lat, lon) < 3.0)
    items = mission(home.latitude_deg, home.longitude_deg)
    raw.upload_mission(items)
    raw.start_mission()
    last = items[-1]
    wait_for("the last corner", lambda: distance_m(telemetry.position(), last.x * 1e-7, last.y * 1e-7) < 3.0)
    action.return_to_launch()
    wait_for("landing", lambda: not telemetry.armed(), 90.0)
    assert distance_m(telemetry.position(), home.latitude_deg, home.longitude_deg) < 4.0, "landed away from home"
    charge_after = telemetry.battery().remaining_percent
    assert 60 <= charge_after < charge_before, f"battery {charge_before} -> {charge_after}"
    wait_for("the text of the landing", lambda: any("Disarmed by landing" in text for text in texts), 10.0)
    print(f"mavsdk: battery {charge_before} -> {charge_after}; texts {texts}")


main()
