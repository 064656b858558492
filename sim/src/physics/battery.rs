//! The pack: open-circuit voltage by charge, sag by an internal resistance that the cold raises, charge taken by power.

use super::WARM_C;

/// Cells in series.
const CELLS: f64 = 4.0;
/// Open-circuit volts of one lithium-polymer cell at 0, 10, … 100 % charge; the resting-voltage table that sellers of such packs print.
const CELL_OPEN_CIRCUIT_V: [f64; 11] = [3.27, 3.61, 3.69, 3.73, 3.77, 3.80, 3.84, 3.92, 4.00, 4.08, 4.20];

/// How the resistance of a lithium-polymer cell follows its temperature, kelvin: R = R₂₀ exp(B (1/T − 1/T₂₀)). As measured on a pack of a model
/// aircraft at 0, 10 and 30 °C (rcex.cz, "Battery and Temperature", 2010: exp(3131 / T)): 2.2 times at 0 °C what it is at 20 °C.
const RESISTANCE_B_K: f64 = 3_131.0;
/// Zero degrees Celsius, kelvin.
const ZERO_C_K: f64 = 273.15;
/// Ours: half a kilogram of cells at about 1,000 J/(kg K), joules per kelvin.
const HEAT_CAPACITY_J_K: f64 = 500.0;
/// Heat given to the air, watts per kelvin. Ours: about 0.05 m² in the rotors' wash at 20 W/(m² K).
const COOLING_W_K: f64 = 1.0;

/// A four-cell lithium-polymer pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Battery {
    /// Full charge, ampere seconds. Ours: 5.2 Ah gives the default airframe 24 minutes of hover.
    capacity_a_s: f64,
    /// Charge left, ampere seconds.
    charge_a_s: f64,
    /// Ours: 6 mΩ a cell at 20 °C, ohms. The measured pack above has 24 mΩ a cell with 2.2 Ah; 5.2 Ah of it would have 10, newer ones less.
    resistance_ohm: f64,
    temperature_c: f64,
    current_a: f64,
    voltage_v: f64,
}

impl Default for Battery {
    fn default() -> Self {
        let capacity_a_s = 5.2 * 3600.0;
        let mut battery = Self {
            capacity_a_s,
            charge_a_s: capacity_a_s,
            resistance_ohm: 0.024,
            temperature_c: WARM_C,
            current_a: 0.0,
            voltage_v: 0.0,
        };
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

    /// Of the cells, degrees Celsius.
    pub fn temperature_c(&self) -> f64 {
        self.temperature_c
    }

    /// Lets the cells take on a temperature, degrees Celsius: a pack that lay outside.
    pub fn soak(&mut self, temperature_c: f64) {
        self.temperature_c = temperature_c;
    }

    /// The internal resistance at the cells' temperature, ohms.
    pub fn resistance_ohm(&self) -> f64 {
        let (now_k, warm_k) = (self.temperature_c + ZERO_C_K, WARM_C + ZERO_C_K);
        self.resistance_ohm * (RESISTANCE_B_K * (1.0 / now_k - 1.0 / warm_k)).exp()
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

    /// Takes charge from the pad's contacts, per cent of a full one a minute.
    pub fn charge_up(&mut self, pct_min: f64, dt_s: f64) {
        self.set_charge(self.charge() + pct_min / 100.0 * dt_s / 60.0);
    }

    /// Draws `power_w` for `dt_s` in air of `air_c` degrees Celsius.
    pub fn draw(&mut self, power_w: f64, air_c: f64, dt_s: f64) {
        let (open_v, resistance_ohm) = (self.open_circuit_v(), self.resistance_ohm());
        // P = (V − I R) I; beyond the most that the pack can give, it gives that most.
        let discriminant = (open_v * open_v - 4.0 * resistance_ohm * power_w).max(0.0);
        self.current_a =
            if resistance_ohm > 0.0 { (open_v - discriminant.sqrt()) / (2.0 * resistance_ohm) } else { power_w / open_v };
        self.voltage_v = open_v - self.current_a * resistance_ohm;
        self.charge_a_s = (self.charge_a_s - self.current_a * dt_s).max(0.0);
        let heat_w = self.current_a * self.current_a * resistance_ohm - COOLING_W_K * (self.temperature_c - air_c);
        self.temperature_c += heat_w * dt_s / HEAT_CAPACITY_J_K;
    }

    fn open_circuit_v(&self) -> f64 {
        let place = self.charge().clamp(0.0, 1.0) * (CELL_OPEN_CIRCUIT_V.len() - 1) as f64;
        let below = (place as usize).min(CELL_OPEN_CIRCUIT_V.len() - 2);
        let share = place - below as f64;
        CELLS * (CELL_OPEN_CIRCUIT_V[below] * (1.0 - share) + CELL_OPEN_CIRCUIT_V[below + 1] * share)
    }
}
