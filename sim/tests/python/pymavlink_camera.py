"""pymavlink looks through the camera of a simulated aircraft: finds it, asks for its streams, zooms, points the gimbal.

Usage: pymavlink_camera.py PORT. Exits with an assertion's text when something makes no sense.
"""

import math
import os
import sys
import time

os.environ["MAVLINK20"] = "1"
from pymavlink import mavutil  # noqa: E402  (the version must be chosen before the import)

M = mavutil.mavlink
CAMERA = M.MAV_COMP_ID_CAMERA
AUTOPILOT = M.MAV_COMP_ID_AUTOPILOT1
DEGREE_M = 111_195.0


class Viewer:
    """One connection."""

    def __init__(self, port):
        self.link = mavutil.mavlink_connection(f"udpin:127.0.0.1:{port}", source_system=255)
        self.beat = 0.0

    def hear(self, kind, component, limit_s=20.0, condition=lambda message: True):
        """The next message of a kind from a component."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if time.monotonic() > self.beat + 0.1:
                self.beat = time.monotonic()
                self.link.mav.heartbeat_send(M.MAV_TYPE_GCS, M.MAV_AUTOPILOT_INVALID, 0, 0, M.MAV_STATE_ACTIVE)
            message = self.link.recv_match(type=kind, blocking=True, timeout=0.05)
            if message is not None and message.get_srcComponent() == component and condition(message):
                return message
        raise AssertionError(f"no {kind} from component {component} within {limit_s} s")

    def command(self, component, command, *params, expected=M.MAV_RESULT_ACCEPTED):
        params = list(params) + [0.0] * (7 - len(params))
        self.link.mav.command_long_send(1, component, command, 0, *params)
        answer = self.hear("COMMAND_ACK", component, 5.0, lambda m: m.command == command)
        assert answer.result == expected, f"command {command}: result {answer.result}"

    def request(self, kind, component, *params):
        """One message by MAV_CMD_REQUEST_MESSAGE; some components send it before their acknowledgement, some after."""
        params = [getattr(M, f"MAVLINK_MSG_ID_{kind}"), *params]
        params += [0.0] * (7 - len(params))
        self.link.mav.command_long_send(1, component, M.MAV_CMD_REQUEST_MESSAGE, 0, *params)
        return self.hear(kind, component, 5.0)


def find_camera(viewer):
    beat = viewer.hear("HEARTBEAT", CAMERA)
    assert beat.type == M.MAV_TYPE_CAMERA and beat.autopilot == M.MAV_AUTOPILOT_INVALID
    camera = viewer.request("CAMERA_INFORMATION", CAMERA)
    assert bytes(camera.vendor_name).rstrip(b"\0") == b"Escort", camera
    assert camera.flags == M.CAMERA_CAP_FLAGS_HAS_MODES | M.CAMERA_CAP_FLAGS_HAS_BASIC_ZOOM | M.CAMERA_CAP_FLAGS_HAS_VIDEO_STREAM
    field = 2 * math.degrees(math.atan(camera.sensor_size_h / 2 / camera.focal_length))
    assert abs(field - 70) < 0.1, field
    assert camera.gimbal_device_id == 1, camera
    status = viewer.request("CAMERA_CAPTURE_STATUS", CAMERA)
    assert status.image_status == 0 and status.video_status == 0, status
    viewer.command(CAMERA, M.MAV_CMD_IMAGE_START_CAPTURE, 0, 0, 1, expected=M.MAV_RESULT_UNSUPPORTED)


def check_streams(viewer):
    stream = viewer.request("VIDEO_STREAM_INFORMATION", CAMERA, 0)
    assert stream.uri.rstrip("\0").startswith("rtsp://127.0.0.1:") and stream.uri.endswith("/1/main"), stream.uri
    assert (stream.stream_id, stream.count, stream.type, stream.encoding) == (1, 2, M.VIDEO_STREAM_TYPE_RTSP, 1), stream
    assert (stream.resolution_h, stream.resolution_v, stream.hfov) == (1280, 720, 70), stream
    assert viewer.request("VIDEO_STREAM_STATUS", CAMERA, 1).flags == M.VIDEO_STREAM_STATUS_FLAGS_RUNNING
    viewer.command(CAMERA, M.MAV_CMD_VIDEO_STOP_STREAMING, 1)
    assert viewer.request("VIDEO_STREAM_STATUS", CAMERA, 1).flags == 0
    viewer.command(CAMERA, M.MAV_CMD_VIDEO_START_STREAMING, 0)
    viewer.command(CAMERA, M.MAV_CMD_VIDEO_START_STREAMING, 7, expected=M.MAV_RESULT_DENIED)


def zoom(viewer):
    viewer.command(CAMERA, M.MAV_CMD_SET_CAMERA_ZOOM, M.ZOOM_TYPE_RANGE, 100)
    assert abs(viewer.request("CAMERA_SETTINGS", CAMERA).zoomLevel - 100) < 0.1
    tight = viewer.request("CAMERA_FOV_STATUS", CAMERA)
    assert abs(tight.hfov - 2 * math.degrees(math.atan(math.tan(math.radians(35)) / 8))) < 0.1, tight
    viewer.command(CAMERA, M.MAV_CMD_SET_CAMERA_ZOOM, M.ZOOM_TYPE_RANGE, 130, expected=M.MAV_RESULT_DENIED)
    viewer.command(CAMERA, M.MAV_CMD_SET_CAMERA_ZOOM, M.ZOOM_TYPE_RANGE, 0)
    assert abs(viewer.request("CAMERA_FOV_STATUS", CAMERA).hfov - 70) < 0.1


def gimbal(viewer):
    manager = viewer.request("GIMBAL_MANAGER_INFORMATION", AUTOPILOT)
    assert manager.gimbal_device_id == 1 and manager.pitch_min < -1.5, manager
    denied = M.MAV_RESULT_DENIED
    viewer.command(AUTOPILOT, M.MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW, -40, 60, expected=denied)
    viewer.command(AUTOPILOT, M.MAV_CMD_DO_GIMBAL_MANAGER_CONFIGURE, -2, -2, -1, -1)
    assert viewer.hear("GIMBAL_MANAGER_STATUS", AUTOPILOT).primary_control_sysid == 255
    viewer.command(AUTOPILOT, M.MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW, -40, 60, math.nan, math.nan)

    def there(message):
        w, x, y, z = message.q
        pitch = math.degrees(math.asin(max(-1, min(1, 2 * (w * y - z * x)))))
        yaw = math.degrees(math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)))
        return abs(pitch + 40) < 0.5 and abs(yaw - 60) < 0.5

    viewer.hear("GIMBAL_DEVICE_ATTITUDE_STATUS", AUTOPILOT, 10.0, there)


def region_of_interest(viewer):
    """From 20 m up, a point beside the pad comes into the middle of the picture."""
    home = viewer.hear("HOME_POSITION", AUTOPILOT)
    lat, lon, amsl = home.latitude * 1e-7, home.longitude * 1e-7, home.altitude * 1e-3
    for command, params in ((M.MAV_CMD_NAV_TAKEOFF, (math.nan, 0, 0, math.nan, math.nan, math.nan, amsl + 20)),
                            (M.MAV_CMD_COMPONENT_ARM_DISARM, (1,))):
        viewer.command(AUTOPILOT, command, *params)
    viewer.hear("GLOBAL_POSITION_INT", AUTOPILOT, 40.0, lambda m: m.relative_alt > 19_000)
    goal = (lat + 15 / DEGREE_M, lon + 8 / DEGREE_M / math.cos(math.radians(lat)))
    viewer.link.mav.command_int_send(
        1, AUTOPILOT, M.MAV_FRAME_GLOBAL, M.MAV_CMD_DO_SET_ROI_LOCATION, 0, 0, 0, 0, 0, 0,
        round(goal[0] * 1e7), round(goal[1] * 1e7), amsl)
    viewer.command(CAMERA, M.MAV_CMD_SET_MESSAGE_INTERVAL, M.MAVLINK_MSG_ID_CAMERA_FOV_STATUS, 100_000)

    def seen(message):
        north = (message.lat_image * 1e-7 - goal[0]) * DEGREE_M
        east = (message.lon_image * 1e-7 - goal[1]) * DEGREE_M * math.cos(math.radians(lat))
        return math.hypot(north, east) < 2.0

    viewer.hear("CAMERA_FOV_STATUS", CAMERA, 15.0, seen)


def main():
    viewer = Viewer(int(sys.argv[1]))
    find_camera(viewer)
    check_streams(viewer)
    zoom(viewer)
    gimbal(viewer)
    region_of_interest(viewer)
    print("pymavlink: camera found, streams announced, zoomed, gimbal pointed")


main()
