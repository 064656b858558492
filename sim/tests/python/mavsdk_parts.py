"""MAVSDK looks at the parts of a simulated aircraft: health, parameters, camera and its streams, gimbal.

Usage: mavsdk_parts.py PORT. Exits with an assertion's text when something makes no sense.
"""

import math

from mavsdk.plugins.action import Action
from mavsdk.plugins.camera import Camera
from mavsdk.plugins.gimbal import ControlMode, Gimbal, GimbalMode, GimbalResult, SendMode
from mavsdk.plugins.info import Info
from mavsdk.plugins.param import Param, ParamResult
from mavsdk.plugins.telemetry import FixType, LandedState, Telemetry

from mavsdk_client import climb, connect, moved, refused, wait_for

CAMERA = 100
"""MAV_COMP_ID_CAMERA"""


def health(system, telemetry):
    """All of it without any calibration: a simulated aircraft has nothing to calibrate."""
    wait_for("health", lambda: telemetry.health().is_armable)
    seen = telemetry.health()
    for name in ("is_gyrometer_calibration_ok", "is_accelerometer_calibration_ok", "is_magnetometer_calibration_ok",
                 "is_local_position_ok", "is_global_position_ok", "is_home_position_ok"):
        wait_for(name, lambda name=name: getattr(telemetry.health(), name), 20.0)
    wait_for("health as one word", telemetry.health_all_ok, 20.0)
    wait_for("the state on the ground", lambda: telemetry.landed_state() == LandedState.ON_GROUND)
    gps = telemetry.gps_info()
    assert gps.num_satellites >= 10 and gps.fix_type >= FixType.FIX_3D, gps
    version = Info(system).get_version()
    assert (version.flight_sw_major, version.flight_sw_minor) == (1, 16), version
    return seen


def parameters(param):
    everything = param.get_all_params()
    integers, floats = ({one.name: one.value for one in some} for some in (everything.int_params, everything.float_params))
    assert integers["MAV_SYS_ID"] == 1 and abs(floats["BAT_CRIT_THR"] - 0.07) < 1e-6, everything
    assert param.get_param_int("COM_LOW_BAT_ACT") == 3 and param.get_param_float("COM_FAIL_ACT_T") == 5.0
    param.set_param_int("NAV_DLL_ACT", 2)
    param.set_param_float("RTL_RETURN_ALT", 42.5)
    assert param.get_param_int("NAV_DLL_ACT") == 2 and param.get_param_float("RTL_RETURN_ALT") == 42.5
    refused(lambda: param.get_param_float("NAV_DLL_ACT"), ParamResult.WRONG_TYPE)
    refused(lambda: param.get_param_int("NO_SUCH_NAME"), ParamResult.TIMEOUT)
    refused(lambda: param.set_param_int("MUCH_TOO_LONG_A_NAME", 1), ParamResult.PARAM_NAME_TOO_LONG)
    param.set_param_int("NAV_DLL_ACT", 0)
    return len(integers) + len(floats)


def camera(system):
    camera = Camera(system)
    wait_for("the camera", lambda: camera.camera_list().cameras, 20.0)
    (seen,) = camera.camera_list().cameras
    assert (seen.component_id, seen.vendor_name) == (CAMERA, "Escort"), seen
    field_deg = 2 * math.degrees(math.atan(seen.horizontal_sensor_size_mm / 2 / seen.focal_length_mm))
    assert abs(field_deg - 70) < 0.1 and seen.horizontal_resolution_px >= 1280, seen
    wait_for("the stream", lambda: camera.get_video_stream_info(CAMERA).settings.uri, 20.0)
    settings = camera.get_video_stream_info(CAMERA).settings
    assert settings.uri.startswith("rtsp://127.0.0.1:") and settings.uri.endswith(("/1/main", "/1/sub")), settings
    assert settings.frame_rate_hz == 15 and settings.horizontal_resolution_pix in (640, 1280), settings
    camera.stop_video_streaming(CAMERA, 1)
    camera.start_video_streaming(CAMERA, 1)
    camera.zoom_range(CAMERA, 50.0)
    return settings.uri


def euler(gimbal):
    return gimbal.get_attitude(1).euler_angle_forward


def gimbal_looks(system, telemetry):
    """Nobody moves it who has not taken control; then it goes where it is told, and looks at a place from the air."""
    gimbal = Gimbal(system)
    wait_for("the gimbal", lambda: gimbal.gimbal_list().gimbals, 20.0)
    (seen,) = gimbal.gimbal_list().gimbals
    number = seen.gimbal_id
    angles = (0.0, -40.0, 60.0, GimbalMode.YAW_FOLLOW, SendMode.ONCE)
    refused(lambda: gimbal.set_angles(number, *angles), GimbalResult.ERROR)
    gimbal.take_control(number, ControlMode.PRIMARY)
    wait_for("control", lambda: gimbal.get_control_status(number).sysid_primary_control != 0, 20.0)
    gimbal.set_angles(number, *angles)
    wait_for("the angles", lambda: abs(euler(gimbal).pitch_deg + 40) < 1 and abs(euler(gimbal).yaw_deg - 60) < 1, 20.0)
    action = Action(system)
    climb(action, telemetry, 20.0)
    here = telemetry.position()
    lat, lon = moved(here.latitude_deg, here.longitude_deg, 20.0, 0.0)
    gimbal.set_roi_location(number, lat, lon, here.absolute_altitude_m - here.relative_altitude_m)
    down_deg = -math.degrees(math.atan2(20.0, 20.0))
    wait_for("the look at the place", lambda: abs(euler(gimbal).pitch_deg - down_deg) < 4.0, 20.0)
    gimbal.release_control(number)
    wait_for("release", lambda: gimbal.get_control_status(number).sysid_primary_control == 0, 20.0)
    action.land()
    wait_for("landing", lambda: not telemetry.armed(), 90.0)


def main():
    _sdk, system = connect()
    telemetry = Telemetry(system)
    health(system, telemetry)
    count = parameters(Param(system))
    uri = camera(system)
    gimbal_looks(system, telemetry)
    print(f"mavsdk: healthy, {count} parameters, camera at {uri}, gimbal taken, pointed, released")


main()
