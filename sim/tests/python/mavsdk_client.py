"""What the MAVSDK scripts share: a connection, waiting in real time, distances."""

import math
import sys
import time

from mavsdk import Configuration, Mavsdk
from mavsdk.component_type import ComponentType

DEGREE_M = 111_195.0
LIMIT_S = 60.0


def wait_for(what, condition, limit_s=LIMIT_S):
    """Polls until the condition holds, or says what never came."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {limit_s} s")


def distance_m(position, latitude_deg, longitude_deg):
    """Flat distance, good for a few hundred metres."""
    north = (position.latitude_deg - latitude_deg) * DEGREE_M
    east = (position.longitude_deg - longitude_deg) * DEGREE_M * math.cos(math.radians(latitude_deg))
    return math.hypot(north, east)


def moved(latitude_deg, longitude_deg, north_m, east_m):
    """A place so far north and east of another."""
    return (latitude_deg + north_m / DEGREE_M, longitude_deg + east_m / DEGREE_M / math.cos(math.radians(latitude_deg)))


def refused(call, result):
    """Asserts that a call of the library is refused with this result."""
    try:
        call()
    except Exception as error:  # Each plugin has an error class of its own; all carry the result.
        assert getattr(error, "result", None) == result, f"{error!r} instead of {result!r}"
        return
    raise AssertionError(f"not refused; {result!r} was expected")


def connect():
    """The library and the first aircraft at the port of the command line."""
    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    sdk.add_any_connection(f"udpin://127.0.0.1:{int(sys.argv[1])}")
    system = sdk.first_autopilot(30.0)
    assert system is not None, "no autopilot found"
    return sdk, system


def climb(action, telemetry, height_m):
    """Ready, armed, up."""
    wait_for("health", lambda: telemetry.health().is_armable and telemetry.health().is_global_position_ok)
    action.set_takeoff_altitude(height_m)
    action.arm()
    action.takeoff()
    wait_for(f"climb to {height_m} m", lambda: telemetry.position().relative_altitude_m > height_m - 1.0)
