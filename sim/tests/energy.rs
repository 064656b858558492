//! The core's energy model against simulated flights that it was not fitted to.

/// Flights of the fit are drawn from smaller seeds.
const FIRST_SEED: u64 = 1_001;
const FLIGHTS: u64 = 50;
/// What a prediction may be off by, per cent of what the flight took.
const OFF_PCT_MAX: f64 = 5.0;

#[test]
fn fifty_random_flights_take_what_was_predicted() {
    let trials = (FIRST_SEED..FIRST_SEED + FLIGHTS).map(|seed| sim::energy::trial(seed).expect("the flight is flown"));
    let trials: Vec<sim::energy::Trial> = trials.map(|trial| trial.expect("it reached its scene")).collect();
    let wrong: Vec<String> = trials
        .iter()
        .filter(|trial| trial.off_pct().abs() > OFF_PCT_MAX)
        .map(|trial| format!("{trial:?} is off by {:.1} %", trial.off_pct()))
        .collect();
    assert!(wrong.is_empty(), "{} of {FLIGHTS}:\n{}", wrong.len(), wrong.join("\n"));
    let spread = |value: fn(&sim::energy::Trial) -> f64| {
        trials.iter().map(value).fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)))
    };
    let ((least_pct, most_pct), (calm_m_s, windy_m_s)) = (spread(|trial| trial.taken_pct), spread(|trial| trial.wind_m_s));
    assert!(most_pct > 1.5 * least_pct && windy_m_s > calm_m_s + 4.0, "the flights are not all alike");
}
