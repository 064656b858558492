//! Every bound of the link, named, with its reason. A site may override them; tests shorten them.

/// Time limits, distances and shares that the link keeps to.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkLimits {
    /// Between our own heartbeats. 1 s: what autopilots expect of a ground station.
    pub heartbeat_interval_ms: u64,
    /// Silence after which an aircraft counts as lost. 5 s: five heartbeats, so that 30 % loss is not a lost link.
    pub silence_max_ms: u64,
    /// First wait for a COMMAND_ACK before the command is sent again; grows by half each time.
    pub ack_wait_ms: u64,
    /// The longest wait between two sendings of a command.
    pub ack_wait_max_ms: u64,
    /// How long a command is repeated without any answer before it counts as unanswered.
    pub command_limit_ms: u64,
    /// Wait before a temporarily rejected command is tried again.
    pub rejected_wait_ms: u64,
    /// First wait for the next message of a mission transfer; grows by half each time. Short: a repeated question is harmless,
    /// PX4 repeats its own after 250 ms, and with 30 % loss each way every second exchange is repeated.
    pub transfer_wait_ms: u64,
    /// The longest wait between two sendings in a transfer.
    pub transfer_wait_max_ms: u64,
    /// Sendings of one step of a transfer before the transfer starts anew. PX4 itself gives up after about 5 s.
    pub transfer_sends_max: u32,
    /// Starts of one transfer (upload and read-back together) before it fails.
    pub transfer_starts_max: u32,
    /// How long a flight waits for the first heartbeat and position.
    pub answer_limit_ms: u64,
    /// How long an aircraft may take to become ready to arm. ArduCopter's estimator needs about 40 s after boot.
    pub preflight_limit_ms: u64,
    /// How long arming may be refused. PX4 refuses for 2–4 s right after boot.
    pub arm_limit_ms: u64,
    /// From armed to off the ground.
    pub take_off_limit_ms: u64,
    /// How long a mode may take to show in the heartbeat before it is ordered again.
    pub mode_confirm_ms: u64,
    /// How long a mode change may be refused or unanswered.
    pub mode_limit_ms: u64,
    /// Added to twice the calculated time of a path: wind, climbs, corners.
    pub path_slack_ms: u64,
    /// Added to the time of a climb back to the transit height: the mode, the order, its repeats.
    pub climb_slack_ms: u64,
    /// From touch-down to disarmed; then the link disarms.
    pub disarm_wait_ms: u64,
    /// Remaining charge at which the aircraft must go home, per cent.
    pub battery_low_pct: f64,
    /// Farther than this from its pad an aircraft is not where its plan starts (or ends), metres.
    pub pad_distance_max_m: f64,
    /// Horizontal distance at which the stand-off point counts as reached, metres: GPS noise plus acceptance radius.
    pub arrival_radius_m: f64,
    /// Height difference at which it counts as reached, metres.
    pub arrival_height_m: f64,
    /// Between two repositions. 1 s: a walking person moves 1.5 m in that time.
    pub reposition_interval_ms: u64,
    /// A new hover point closer than this to the last is not sent, metres.
    pub reposition_step_m: f64,
    /// Share of the stand-off that is added as margin, so that moving round a person never cuts inside it.
    pub stand_off_margin: f64,
    /// Between two notices that the status changed.
    pub status_interval_ms: u64,
    /// How often the conduct of a flight looks at the aircraft when nothing else happens.
    pub conduct_interval_ms: u64,
    /// A text of the aircraft older than this does not explain a refusal or a failsafe.
    pub reason_age_max_ms: u64,
    /// How long a bad value (no fix, low charge) must last before it is reported.
    pub settle_ms: u64,
    /// How long the light may take to show the ordered state before it is ordered again.
    pub light_confirm_ms: u64,
    /// Orders of the light before its read-back is taken as it is.
    pub light_orders_max: u32,
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            heartbeat_interval_ms: 1_000,
            silence_max_ms: 5_000,
            ack_wait_ms: 700,
            ack_wait_max_ms: 2_000,
            command_limit_ms: 10_000,
            rejected_wait_ms: 1_000,
            transfer_wait_ms: 300,
            transfer_wait_max_ms: 1_500,
            transfer_sends_max: 12,
            transfer_starts_max: 6,
            answer_limit_ms: 15_000,
            preflight_limit_ms: 60_000,
            arm_limit_ms: 20_000,
            take_off_limit_ms: 30_000,
            mode_confirm_ms: 3_000,
            mode_limit_ms: 20_000,
            path_slack_ms: 90_000,
            climb_slack_ms: 30_000,
            disarm_wait_ms: 15_000,
            battery_low_pct: 25.0,
            pad_distance_max_m: 20.0,
            arrival_radius_m: 6.0,
            arrival_height_m: 4.0,
            reposition_interval_ms: 1_000,
            reposition_step_m: 1.5,
            stand_off_margin: 0.1,
            status_interval_ms: 200,
            conduct_interval_ms: 200,
            reason_age_max_ms: 15_000,
            settle_ms: 2_000,
            light_confirm_ms: 4_000,
            light_orders_max: 3,
        }
    }
}
