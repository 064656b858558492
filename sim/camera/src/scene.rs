//! What moves or changes in a scene: hour, people, cars, the aircraft's own light. Plain data; the plan stands still under it.

use std::sync::Arc;

use crate::{Plan, Plate};

/// All that the camera can see at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// What stands still. The camera keeps what it has drawn of the ground while this stays the same `Arc`.
    pub plan: Arc<Plan>,
    /// Local solar hour, 0 to 24: 12 is noon, 18 dusk, 22 night.
    pub hour: f64,
    /// People.
    pub people: Vec<Person>,
    /// Cars.
    pub cars: Vec<Car>,
    /// The aircraft's own light.
    pub spotlight: Spotlight,
}

impl Scene {
    /// An empty street at this hour.
    pub fn new(plan: Arc<Plan>, hour: f64) -> Self {
        Self { plan, hour, people: Vec::new(), cars: Vec::new(), spotlight: Spotlight::default() }
    }
}

/// The aircraft's light. It hangs beside the lens, so shadows that it throws are hidden behind what throws them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spotlight {
    /// Light coming out, 0..1 of full; 0 is off.
    pub brightness: f64,
    /// Direction of the beam; `None` turns with the camera.
    pub heading_pitch_deg: Option<[f64; 2]>,
    /// Luminous intensity on the axis at full brightness, candela.
    pub intensity_cd: f64,
    /// Angle from the axis to which the beam is even, degrees.
    pub inner_deg: f64,
    /// Angle from the axis at which it ends, degrees; the edge between the two is soft.
    pub outer_deg: f64,
}

impl Default for Spotlight {
    /// Off. A lamp of 20 W and about 2,400 lm through an optic of 10°: some 50,000 cd on the axis.
    fn default() -> Self {
        Self { brightness: 0.0, heading_pitch_deg: None, intensity_cd: 50_000.0, inner_deg: 5.0, outer_deg: 8.5 }
    }
}

/// Somebody on foot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Person {
    /// East, north, metres.
    pub place: [f64; 2],
    /// Which way they face, degrees clockwise from north.
    pub heading_deg: f64,
    /// Metres walked so far: swings arms and legs.
    pub walked_m: f64,
    /// Standing still.
    pub standing: bool,
    /// Who it is.
    pub role: PersonRole,
}

/// Who somebody is; clothes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonRole {
    /// The caller: light coat, red scarf and bag.
    Caller,
    /// A guard: dark uniform with a bright vest.
    Guard,
    /// Anybody else; the number picks the clothes.
    Passer(u32),
}

/// A car.
#[derive(Debug, Clone, PartialEq)]
pub struct Car {
    /// Middle: east, north, metres.
    pub place: [f64; 2],
    /// Which way its nose points, degrees clockwise from north.
    pub heading_deg: f64,
    /// Its body.
    pub body: CarBody,
    /// Paint: red, green, blue.
    pub paint: [u8; 3],
    /// Its number, at both ends.
    pub plate: Plate,
    /// Headlights and tail lights on.
    pub lights: bool,
}

/// Shapes of cars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarBody {
    /// Three boxes.
    Saloon,
    /// Tall, two boxes.
    Suv,
    /// Short.
    Compact,
    /// A delivery van.
    Van,
}
