//! What must be true of frames: the same again for the same seed, pixels where the pose says, light where it falls.

mod common;

use std::sync::Arc;

use common::{CALLER, LOT, beacon, code, over_caller, plan, scene};
use sim_camera::{Bay, Block, Camera, CameraPose, Frame, Intrinsics, Lamp, Plan, Scene, Street, StreetSurface, Tree};

fn small() -> Intrinsics {
    Intrinsics::new(320, 180, 70.0).expect("a small picture")
}

fn mean_luma(frame: &Frame, middle: [f64; 2], radius_px: f64) -> f64 {
    let near = |index: usize| {
        let (x, y) = ((index % frame.width as usize) as f64 + 0.5, (index / frame.width as usize) as f64 + 0.5);
        (x - middle[0]).hypot(y - middle[1]) < radius_px
    };
    let values: Vec<f64> = frame.luma().iter().enumerate().filter(|(index, _)| near(*index)).map(|(_, v)| f64::from(*v)).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn the_same_seed_gives_the_same_frames_and_another_seed_other_noise() {
    let run = |seed: u64| {
        let mut camera = Camera::new(small(), seed);
        let scene = scene(22.0);
        let frame = |number: u64| camera.render(&scene, &over_caller().after(number as f64 * 0.1), number * 100_000);
        (0..3).map(frame).collect::<Vec<_>>()
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3)[0].i420, run(4)[0].i420);
    assert_ne!(run(3)[0].i420, run(3)[1].i420);
}

#[test]
fn the_lit_circle_is_on_the_caller_only_while_the_light_is_on() {
    let shot = |brightness: f64| {
        let mut scene = scene(22.0);
        // Away from the street lamps.
        scene.plan = Arc::new(Plan { lamps: Vec::new(), ..plan() });
        scene.spotlight.brightness = brightness;
        Camera::new(small(), 1).render(&scene, &over_caller(), 0)
    };
    let (on, dim, off) = (shot(1.0), shot(0.2), shot(0.0));
    let caller = on.pose.pixel_of([CALLER[0], CALLER[1], 0.8]).expect("the caller is in view");
    let [lit, half, dark] = [&on, &dim, &off].map(|frame| mean_luma(frame, caller, 14.0));
    assert!(dark < 45.0 && lit > dark + 50.0, "lit {lit} dark {dark}");
    assert!(half > dark + 15.0 && half < lit, "dim {half} lit {lit} dark {dark}");
    let beside = mean_luma(&on, [caller[0] + 120.0, caller[1]], 14.0);
    assert!(beside < 50.0, "beside {beside}");
}

#[test]
fn the_lit_caller_stands_out_from_the_lit_ground_and_is_not_burnt_out() {
    let shot = |with_caller: bool| {
        let mut scene = scene(22.0);
        scene.spotlight.brightness = 1.0;
        if !with_caller {
            scene.people.clear();
        }
        Camera::new(Intrinsics::hd(), 1).render(&scene, &over_caller(), 0)
    };
    let (with, without) = (shot(true), shot(false));
    let [x, y] = with.pose.pixel_of([CALLER[0], CALLER[1], 0.9]).expect("the caller is in view").map(|value| value as usize);
    let around = || (y - 20..y + 20).flat_map(|row| (x - 10..x + 10).map(move |column| row * 1_280 + column));
    let differs = around().filter(|at| 40 < with.luma()[*at].abs_diff(without.luma()[*at])).count();
    assert!(100 < differs, "the caller is seen by {differs} of 800 pixels");
    let burnt = around().filter(|at| 245 < with.luma()[*at]).count();
    assert!(burnt < 40, "{burnt} of 800 pixels are burnt out");
}

#[test]
fn a_beacons_modules_lie_where_the_pose_projects_them() {
    let text = "https://example.invalid/p/lot-a";
    let board = beacon([2.0, 3.0, 0.0], text);
    let scene = Scene::new(Arc::new(Plan { beacons: vec![board], ..Plan::default() }), 12.0);
    let pose = CameraPose { roll_deg: 6.0, ..CameraPose::looking_at([-1.0, 0.5, 8.0], [2.0, 3.0, 0.0]) };
    let mut camera = Camera::new(Intrinsics::hd(), 1);
    camera.set_zoom(2.5);
    let frame = camera.render(&scene, &pose, 0);
    let code_side = code(text).side();
    let reference = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium).expect("a short text");
    let (sin, cos) = 20f64.to_radians().sin_cos();
    let mut right = 0;
    for index in 0..code_side * code_side {
        let (column, row) = (index % code_side, index / code_side);
        let off = |at: usize| ((at as f64 + 0.5) / code_side as f64 - 0.5) * 0.6;
        let (aside, up) = (off(column), -off(row));
        let point = [2.0 + cos * aside + sin * up, 3.0 - sin * aside + cos * up, 0.005];
        let [x, y] = frame.pose.pixel_of(point).expect("in view");
        let luma = frame.luma()[y as usize * 1_280 + x as usize];
        right += usize::from((luma < 115) == reference.get_module(column as i32, row as i32));
    }
    assert!(right * 1_000 >= code_side * code_side * 995, "{right} of {}", code_side * code_side);
}

#[test]
fn a_bays_line_is_bright_where_the_pose_projects_it() {
    let bay = Bay { centre: [0.0, 0.0], heading_deg: 0.0, width_m: 2.5, length_m: 5.0 };
    let lot = vec![[-30.0, -30.0], [30.0, -30.0], [30.0, 30.0], [-30.0, 30.0]];
    let scene = Scene::new(Arc::new(Plan { lots: vec![lot], bays: vec![bay], ..Plan::default() }), 12.0);
    let bent = Intrinsics { radial: [-0.08, 0.01], ..Intrinsics::hd() };
    for lens in [Intrinsics::hd(), bent] {
        let pose = CameraPose::looking_at([3.0, -6.0, 10.0], [0.0, 0.0, 0.0]);
        let frame = Camera::new(lens, 1).render(&scene, &pose, 0);
        let at = |east_m: f64, north_m: f64| {
            let pixel = frame.pose.pixel_of([east_m, north_m, 0.0]).expect("in view");
            mean_luma(&frame, pixel, 2.0)
        };
        for north_m in [-1.5, 0.0, 1.5] {
            let (line, ground) = (at(1.25, north_m), at(0.9, north_m));
            assert!(line > ground + 35.0, "{line} {ground} at {north_m}, {lens:?}");
        }
    }
}

/// Of sums of differences between neighbours: along a row, and along a column.
fn sharpness(pose: &CameraPose) -> [f64; 2] {
    let frame = Camera::new(Intrinsics::hd(), 1).render(&scene(18.2), pose, 0);
    let (luma, width) = (frame.luma().to_vec(), frame.width as usize);
    let along =
        luma.chunks_exact(width).flat_map(|row| row.windows(2)).map(|pair| u64::from(pair[0].abs_diff(pair[1]))).sum::<u64>();
    let across = luma.iter().zip(&luma[width..]).map(|(above, below)| u64::from(above.abs_diff(*below))).sum::<u64>();
    [along as f64, across as f64]
}

#[test]
fn a_moving_camera_blurs_along_its_way_and_not_across_it() {
    // Straight down with north up: east is along the rows.
    let still = CameraPose { heading_deg: 0.0, ..CameraPose::looking_at([LOT[0], LOT[1] - 0.5, 25.0], [LOT[0], LOT[1], 0.0]) };
    let moving = |velocity_m_s| sharpness(&CameraPose { velocity_m_s, ..still });
    let (sharp, east, north) = (sharpness(&still), moving([9.0, 0.0, 0.0]), moving([0.0, 9.0, 0.0]));
    let kept = |blurred: [f64; 2]| [blurred[0] / sharp[0], blurred[1] / sharp[1]];
    let (east, north) = (kept(east), kept(north));
    assert!(east[0] < 0.9 && east[0] + 0.05 < east[1], "moving east keeps {east:?} of rows and columns");
    assert!(north[1] < 0.9 && north[1] + 0.05 < north[0], "moving north keeps {north:?}");
}

#[test]
fn a_street_lamp_lights_the_ground_below_it_by_night_and_nothing_by_day() {
    let shot = |hour: f64, lit: bool| {
        let lamps = if lit { vec![Lamp { place: [0.0, 20.0], height_m: 6.5, heading_deg: 180.0 }] } else { Vec::new() };
        let scene = Scene::new(Arc::new(Plan { lamps, ..Plan::default() }), hour);
        let frame = Camera::new(small(), 1).render(&scene, &CameraPose::looking_at([0.0, -10.0, 25.0], [0.0, 18.0, 0.0]), 0);
        let [below, away] = [[0.0, 16.0, 0.0], [20.0, 16.0, 0.0]].map(|place| frame.pose.pixel_of(place).expect("in view"));
        [mean_luma(&frame, below, 4.0), mean_luma(&frame, away, 4.0)]
    };
    let (lit, dark) = (shot(22.0, true), shot(22.0, false));
    assert!(lit[0] > dark[0] + 30.0, "below the lamp {} without it {}", lit[0], dark[0]);
    assert!(lit[1] + 25.0 < lit[0], "twenty metres away {} below it {}", lit[1], lit[0]);
    let (day, day_without) = (shot(12.0, true), shot(12.0, false));
    assert!((day[0] - day_without[0]).abs() < 6.0, "{day:?} {day_without:?}");
}

#[test]
fn a_town_by_night_takes_no_longer_for_being_large() {
    // Walls and trees all over the place once asked for more ground than is kept, and every frame painted all of it anew.
    let mut town = plan();
    for number in 0..1_200 {
        let (east_m, north_m) = (f64::from(number % 40) * 45.0 - 900.0, f64::from(number / 40) * 60.0 + 150.0);
        let ring = vec![[east_m, north_m], [east_m + 12.0, north_m], [east_m + 12.0, north_m + 10.0], [east_m, north_m + 10.0]];
        town.buildings.push(Block { ring, height_m: 9.0 });
        town.trees.push(Tree { place: [east_m + 20.0, north_m], height_m: 6.0, crown_m: 2.0 });
        town.lamps.push(Lamp { place: [east_m + 25.0, north_m], height_m: 6.5, heading_deg: 0.0 });
    }
    let scene = Scene::new(Arc::new(town), 22.0);
    let pose = CameraPose::looking_at([0.0, -60.0, 60.0], [0.0, 300.0, 0.0]);
    let mut camera = Camera::new(small(), 1);
    camera.render(&scene, &pose, 0);
    let painted = camera.tiles_painted();
    camera.render(&scene, &pose, 33_000);
    assert_eq!(camera.tiles_painted(), painted, "the same view needs no new ground");
}

#[test]
fn a_plan_of_nonsense_draws_without_harm() {
    let odd = f64::NAN;
    let plan = Plan {
        streets: vec![
            Street { line: vec![[odd, 0.0], [1.0, odd]], width_m: -3.0, surface: StreetSurface::Marked },
            Street { line: vec![[0.0, 0.0]], width_m: 9.0, surface: StreetSurface::Plain },
            Street { line: Vec::new(), width_m: f64::INFINITY, surface: StreetSurface::Paved },
            Street { line: vec![[5.0, 5.0], [5.0, 5.0]], width_m: 9.0, surface: StreetSurface::Marked },
        ],
        lots: vec![Vec::new(), vec![[0.0, 0.0], [1.0, 1.0]], vec![[0.0, odd], [1.0, 0.0], [0.0, 1.0]]],
        bays: vec![Bay { centre: [odd, 0.0], heading_deg: odd, width_m: 0.0, length_m: -1.0 }],
        buildings: vec![
            Block { ring: vec![[0.0, 0.0], [9.0, 9.0], [9.0, 0.0], [0.0, 9.0]], height_m: 10.0 },
            Block { ring: vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]], height_m: odd },
        ],
        trees: vec![Tree { place: [1.0, odd], height_m: 5.0, crown_m: -1.0 }],
        lamps: vec![Lamp { place: [odd, 1.0], height_m: 0.0, heading_deg: 0.0 }],
        ..Plan::default()
    };
    for hour in [12.0, 22.0, odd] {
        let scene = Scene::new(Arc::new(plan.clone()), hour);
        let poses = [
            over_caller(),
            CameraPose { up_m: 0.0, ..CameraPose::default() },
            CameraPose { up_m: 20.0, pitch_deg: 90.0, ..CameraPose::default() },
            CameraPose { up_m: 3_000.0, pitch_deg: -90.0, ..CameraPose::default() },
        ];
        for pose in poses {
            Camera::new(small(), 1).render(&scene, &pose, 0);
        }
    }
}
