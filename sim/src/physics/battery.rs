//! The pack: open-circuit voltage by charge, sag by internal resistance, charge taken by power.

/// Cells in series.
const CELLS: f64 = 4.0;
/// Open-circuit volts of one lithium-polymer cell at 0, 10, … 100 % charge; the common resting-voltage table of the trade.
const CELL_OPEN_CIRCUIT_V: [f64; 11] = [3.27, 3.61, 3.69, 3.73, 3.77, 3.80, 3.84, 3.92, 4.00, 4.08, 4.20];

/// A four-cell lithium-polymer pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Battery {
    /// Full charge, ampere seconds: 5.2 Ah gives the default airframe 24 minutes of hover.
    capacity_a_s: f64,
    /// Charge left, ampere seconds.
    charge_a_s: f64,
    /// 6 mΩ a cell for a pack of this size at 20 °C, ohms.
    resistance_ohm: f64,
    current_a: f64,
    voltage_v: f64,
}

impl Default for Battery {
    fn default() -> Self {
        let capacity_a_s = 5.2 * 3600.0;
        let mut battery = Self { capacity_a_s, charge_a_s: capacity_a_s, resistance_ohm: 0.024, current_a: 0.0, voltage_v: 0.0 };
        battery.voltage_v = battery.open_circuit_v();
        battery
    }
}

impl Battery {
    /// Charge left, 0..1.
    pub fn charge(&self) -> f64 {
        self.charge_a_s / self.capacity_a_s
    }

    /// Sets the charge left, held to 0..1.
    pub fn set_charge(&mut self, charge: f64) {
        self.charge_a_s = self.capacity_a_s * charge.clamp(0.0, 1.0);
    }

    /// Multiplies the internal resistance: cold or old cells sag more.
    pub fn scale_resistance(&mut self, factor: f64) {
        self.resistance_ohm *= factor.max(0.0);
    }

    /// Volts at the terminals under the present load.
    pub fn voltage_v(&self) -> f64 {
        self.voltage_v
    }

    /// Amperes drawn now.
    pub fn current_a(&self) -> f64 {
        self.current_a
    }

    /// Ampere hours taken since full.
    pub fn consumed_ah(&self) -> f64 {
        (self.capacity_a_s - self.charge_a_s) / 3600.0
    }

    /// Draws `power_w` for `dt_s`.
    pub fn draw(&mut self, power_w: f64, dt_s: f64) {
        let open_v = self.open_circuit_v();
        // P = (V − I R) I; beyond the most that the pack can give, it gives that most.
        let discriminant = (open_v * open_v - 4.0 * self.resistance_ohm * power_w).max(0.0);
        self.current_a =
            if self.resistance_ohm > 0.0 { (open_v - discriminant.sqrt()) / (2.0 * self.resistance_ohm) } else { power_w / open_v };
        self.voltage_v = open_v - self.current_a * self.resistance_ohm;
        self.charge_a_s = (self.charge_a_s - self.current_a * dt_s).max(0.0);
    }

    fn open_circuit_v(&self) -> f64 {
        let place = self.charge().clamp(0.0, 1.0) * (CELL_OPEN_CIRCUIT_V.len() - 1) as f64;
        let below = (place as usize).min(CELL_OPEN_CIRCUIT_V.len() - 2);
        let share = place - below as f64;
        CELLS * (CELL_OPEN_CIRCUIT_V[below] * (1.0 - share) + CELL_OPEN_CIRCUIT_V[below + 1] * share)
    }
}
