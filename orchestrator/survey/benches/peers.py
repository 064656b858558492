# Reads rings from standard input (a line for each lot: "x y x y …", metres) and prints for each planner that is installed and each lot:
# name, number, seconds, then its path as "x y x y …". Swath: the first argument, metres. A planner that fails on a lot prints no path.
import sys
import time

from shapely.geometry import Polygon

SWATH_M = float(sys.argv[1])


def opencoverage_planner():
    import opencoverage
    from opencoverage.geometry.map import SurveyMap
    from opencoverage.patterns.optimal_sweep import OptimalSweepPattern

    uav = opencoverage.UAV(min_height=5, max_height=100, survey_velocity=5)
    camera = opencoverage.PinholeCamera(
        pixel_size_mm=0.0032, focal_length_mm=8.43, sensor_width_mm=6.55, sensor_height_mm=4.92, capture_rate_s=1
    )

    def plan(corners):
        pattern = OptimalSweepPattern(uav, camera, SurveyMap.from_polygon(Polygon(corners)))
        pattern.lateral_spacing = SWATH_M
        return pattern.calculate().path

    return plan


def fields2cover_planner():
    import fields2cover as f2c

    robot = f2c.Robot(SWATH_M, SWATH_M)
    robot.setMinTurningRadius(0.1)
    robot.setMaxDiffCurv(10)

    def plan(corners):
        ring = f2c.LinearRing()
        for x, y in [*corners, corners[0]]:
            ring.addPoint(f2c.Point(x, y))
        cells = f2c.Cells(f2c.Cell(ring))
        inner = f2c.HG_Const_gen().generateHeadlands(cells, SWATH_M / 2)
        parts = f2c.DECOMP_Boustrophedon().decompose(inner)
        swaths = f2c.SG_BruteForce().generateBestSwaths(f2c.OBJ_NSwathModified(), SWATH_M, parts)
        route = f2c.RP_RoutePlannerBase().genRoute(cells, swaths)
        path = f2c.PP_PathPlanning().planPath(robot, route, f2c.PP_DubinsCurves())
        return [(state.point.getX(), state.point.getY()) for state in path.discretize(1.0)]

    return plan


lots = [list(zip(numbers[::2], numbers[1::2])) for numbers in (list(map(float, line.split())) for line in sys.stdin)]
for name, make in (("opencoverage", opencoverage_planner), ("Fields2Cover", fields2cover_planner)):
    try:
        plan = make()
    except ImportError as error:
        print(name, "is not installed:", error, file=sys.stderr)
        continue
    for number, corners in enumerate(lots):
        start = time.perf_counter()
        try:
            path = plan(corners)
        except Exception as error:
            print(name, number, error, file=sys.stderr)
            path = []
        seconds = time.perf_counter() - start
        print(name, number, f"{seconds:.6f}", *(f"{x:.3f} {y:.3f}" for x, y in path))
