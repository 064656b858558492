"""MAVSDK's geofence, offboard and follow-me plugins: a fence up, down and breached; setpoints refused, flown and lost; a person followed.

Usage: mavsdk_limits.py PORT. Exits with an assertion's text when something makes no sense.
"""

import json
import math
import time

from mavsdk.plugins.action import Action
from mavsdk.plugins.follow_me import Config, FollowMe, FollowMeError, FollowMeResult, TargetLocation
from mavsdk.plugins.geofence import Circle, FenceType, Geofence, GeofenceData, Point, Polygon
from mavsdk.plugins.mavlink_direct import MavlinkDirect, MavlinkMessage
from mavsdk.plugins.offboard import Offboard, OffboardResult, VelocityNedYaw
from mavsdk.plugins.param import Param
from mavsdk.plugins.telemetry import FlightMode, Telemetry

from mavsdk_client import climb, connect, distance_m, moved, refused, wait_for

FENCE_M = 30.0


def fence_up_and_down(geofence, home):
    """A square to stay in and a circle to stay out of, and back as they went."""
    corners = [(-FENCE_M, -FENCE_M), (-FENCE_M, FENCE_M), (FENCE_M, FENCE_M), (FENCE_M, -FENCE_M)]
    points = [Point(*moved(home.latitude_deg, home.longitude_deg, *corner)) for corner in corners]
    square = Polygon(points, FenceType.INCLUSION)
    tower = Circle(Point(*moved(home.latitude_deg, home.longitude_deg, 0.0, -20.0)), 5.0, FenceType.EXCLUSION)
    geofence.upload_geofence(GeofenceData([square], [tower]))
    back = geofence.download_geofence()
    assert len(back.polygons) == 1 and len(back.circles) == 1, back
    for sent, seen in zip(points, back.polygons[0].points):
        assert abs(sent.latitude_deg - seen.latitude_deg) < 1e-6 and abs(sent.longitude_deg - seen.longitude_deg) < 1e-6, back
    assert back.polygons[0].fence_type == FenceType.INCLUSION and back.circles[0].fence_type == FenceType.EXCLUSION, back
    assert abs(back.circles[0].radius - 5.0) < 1e-3, back


def set_speed(offboard, north_m_s):
    offboard.set_velocity_ned(VelocityNedYaw(north_m_s, 0.0, 0.0, 0.0))


def offboard_starts_and_stops(offboard, telemetry):
    refused(offboard.start, OffboardResult.NO_SETPOINT_SET)
    set_speed(offboard, 0.0)
    offboard.start()
    wait_for("offboard", lambda: telemetry.flight_mode() == FlightMode.OFFBOARD)
    set_speed(offboard, 2.0)
    wait_for("the speed", lambda: abs(telemetry.velocity_ned().north_m_s - 2.0) < 0.3)
    set_speed(offboard, 0.0)
    offboard.stop()
    wait_for("hold", lambda: telemetry.flight_mode() == FlightMode.HOLD)
    assert not offboard.is_active()


def breach(offboard, geofence, param, telemetry):
    """Setpoints push it over the fence; the fence wins, and return comes after the hold of COM_FAIL_ACT_T."""
    param.set_param_int("GF_ACTION", 3)
    modes = []
    telemetry.subscribe_flight_mode(lambda mode, *_: modes.append(mode) if not modes or modes[-1] != mode else None)
    set_speed(offboard, 5.0)
    offboard.start()
    wait_for("return", lambda: FlightMode.RETURN_TO_LAUNCH in modes, 30.0)
    assert modes.index(FlightMode.HOLD, modes.index(FlightMode.OFFBOARD)) < modes.index(FlightMode.RETURN_TO_LAUNCH), modes
    geofence.clear_geofence()


def ask_for_heartbeats(direct):
    """MAVSDK 4.1 takes the heartbeats of camera and light, which have no such mode, for the end of following, until the autopilot's next:
    fifty of those a second of the aircraft's life leave no gap that matters."""
    fields = {"command": 511, "param1": 0.0, "param2": 20_000.0, "param3": 0.0, "param4": 0.0, "param5": 0.0, "param6": 0.0, "param7": 0.0,
              "confirmation": 0, "target_system": 1, "target_component": 1}
    direct.send_message(MavlinkMessage("COMMAND_LONG", 0, 0, 1, 1, json.dumps(fields)))


def follow(follow_me, telemetry, home):
    """Somebody walks east at 1.4 m/s; the aircraft keeps its distance on the side that was asked for."""
    config = Config(follow_height_m=15.0, follow_distance_m=12.0, follow_angle_deg=180.0)
    follow_me.set_config(config)
    begun, told = time.monotonic(), []

    def walk():
        # Five seconds of the aircraft's life pass in one of ours.
        east_m = 1.4 * (time.monotonic() - begun) * 5.0
        lat, lon = moved(home.latitude_deg, home.longitude_deg, 20.0, east_m)
        try:
            follow_me.set_target_location(TargetLocation(lat, lon, home.absolute_altitude_m, 0.0, 1.4, 0.0))
            told.append(time.monotonic())
        except FollowMeError as error:
            assert error.result == FollowMeResult.NOT_ACTIVE, error
        return lat, lon

    follow_me.start()
    wait_for("follow me", lambda: telemetry.flight_mode() == FlightMode.FOLLOW_ME)

    def behind():
        lat, lon = walk()
        here = telemetry.position()
        east_m = (here.longitude_deg - lon) * 111_195.0 * math.cos(math.radians(lat))
        return abs(distance_m(here, lat, lon) - 12.0) < 4.0 and east_m < -8.0 and abs(here.relative_altitude_m - 15.0) < 2.0

    wait_for("the place behind the walker", behind, 30.0)
    held = sum(behind() for _ in range(100) if time.sleep(0.02) is None)
    assert held >= 90, f"behind for {held} of 100 looks, told {len(told)} times"
    follow_me.stop()
    wait_for("hold", lambda: telemetry.flight_mode() == FlightMode.HOLD)


def main():
    _sdk, system = connect()
    action, telemetry, param = Action(system), Telemetry(system), Param(system)
    offboard, geofence = Offboard(system), Geofence(system)
    wait_for("health", lambda: telemetry.health().is_armable and telemetry.health().is_global_position_ok)
    home = telemetry.position()
    fence_up_and_down(geofence, home)
    climb(action, telemetry, 15.0)
    offboard_starts_and_stops(offboard, telemetry)
    breach(offboard, geofence, param, telemetry)
    action.hold()
    ask_for_heartbeats(MavlinkDirect(system))
    follow(FollowMe(system), telemetry, home)
    action.return_to_launch()
    wait_for("landing", lambda: not telemetry.armed(), 90.0)
    print("mavsdk: fence up, down, breached; setpoints refused, flown; a walker followed")


main()
