//! The way home of an aircraft that hears nobody any more, kept up while it follows a person (ADR 256).
//!
//! Its list on board begins the way home where the scene was planned. Who has been followed far from there, or round a corner, would be left
//! along a straight line at the height of the scene. So the list is drawn anew from where the aircraft is, while it hovers on, as often as that is so.

use flight_types::{EscortPost, FlightEvent, GeoPoint};

use super::Flight;
use super::give_way::Way;
use super::way_back::WayBack;
use crate::craft::Craft;
use crate::dialect::{Item, ListKind};
use crate::profile::Autopilot;
use crate::transfer::{Outcome, Transfer};
use crate::{items, rejoin, route};

/// A way home is drawn anew this far from where it was, metres. A leg so long at the height of the scene leads over ground on which the person has just been;
/// whoever walks has a list put on board each 18 s, which takes one to two.
const WALKED_M: f64 = 25.0;
/// One that may not be begun from where the aircraft is is drawn anew so far from where it was drawn, metres: more than fixes wander, so that a place
/// from which nothing is legal does not have it drawn with each look.
const AGAIN_M: f64 = 5.0;
/// What it makes for first may be so far away, metres: the walk, and the step aside. ArduCopter goes to the end of the nearest leg, which may be a corner
/// far away.
const FAR_M: f64 = 40.0;
/// It may begin so far under the height that is kept, metres above home: legs on scene begin as low.
const UNDER_M: f64 = 3.0;
/// It is tried so often from one place; each try is a whole transfer with repeats of its own.
const TRIES_MAX: u32 = 3;
/// An ordered way home waits so long at most for a list that is being taken, milliseconds: after five seconds in which nothing came PX4 drops it.
const FINISHED_WITHIN_MS: u64 = 6_000;

/// A list and what was so when it was drawn.
#[derive(Debug)]
struct Drawn {
    /// Where the aircraft was, or was to be.
    from: GeoPoint,
    /// The height kept there, as the plan counts it.
    height_m: f64,
    list: Vec<Item>,
    /// From where it was, not by the plan.
    on_scene: bool,
}

/// What is known of the list on board.
#[derive(Debug)]
enum OnBoard {
    /// The way out, with what lies behind it.
    WayOut,
    /// Nothing that can be relied on.
    Unknown,
    Known(Drawn),
}

/// The way home from where the aircraft is.
#[derive(Debug)]
pub(super) struct FromHere {
    on_board: OnBoard,
    /// Being put on board.
    loading: Option<Drawn>,
    tries: u32,
    /// Tried in vain here.
    given_up: Option<GeoPoint>,
    told: bool,
    /// Until when an ordered way home waits for it.
    awaited_until_ms: u64,
}

impl Default for FromHere {
    fn default() -> Self {
        Self { on_board: OnBoard::WayOut, loading: None, tries: 0, given_up: None, told: false, awaited_until_ms: 0 }
    }
}

impl FromHere {
    /// What lies on board is drawn anew as soon as the aircraft is on scene.
    pub fn forget(&mut self) {
        self.on_board = OnBoard::Unknown;
    }
}

impl Flight {
    /// Puts a way home from here on board when the one that is there may no longer be begun. What is flown is not touched: it hovers by orders.
    pub(super) fn keep_way_home(&mut self, craft: &mut Craft, now_ms: u64) {
        // One list at a time: first the way out's own.
        if self.way_back != WayBack::Settled {
            return;
        }
        if let Some(drawn) = self.from_here.loading.take() {
            return self.follow_loading(drawn, craft);
        }
        if craft.transfer.is_some() || !craft.connected || self.leads_home_alone(craft) {
            return;
        }
        let Some(drawn) = self.draw_from_here(craft) else { return };
        craft.transfer = Some(craft.upload(ListKind::Mission, drawn.list.clone(), now_ms));
        self.from_here.loading = Some(drawn);
    }

    fn follow_loading(&mut self, drawn: Drawn, craft: &mut Craft) {
        let outcome = match &craft.transfer {
            // Somebody else needed the line.
            None => return self.from_here.forget(),
            Some(transfer) => transfer.outcome().cloned(),
        };
        let Some(outcome) = outcome else {
            self.from_here.loading = Some(drawn);
            return;
        };
        craft.transfer = None;
        match outcome {
            Outcome::Uploaded | Outcome::Downloaded(_) => {
                (self.from_here.tries, self.from_here.given_up) = (0, None);
                self.from_here.on_board = OnBoard::Known(drawn);
            }
            Outcome::Failed(reason) => {
                self.from_here.forget();
                self.from_here.tries += 1;
                if self.from_here.tries >= TRIES_MAX {
                    self.give_up_from_here(&reason, craft);
                }
            }
        }
    }

    /// Until the person has gone on.
    fn give_up_from_here(&mut self, reason: &str, craft: &Craft) {
        (self.from_here.tries, self.from_here.given_up) = (0, craft.telemetry.position);
        if !std::mem::replace(&mut self.from_here.told, true) {
            let text = format!("without a link it would not come home by a legal way from where the person went: {reason}");
            self.report(FlightEvent::Warning { text });
        }
    }

    /// Whether nothing need be done: by what lies on board it would come home legally from where it is, or it was tried here in vain.
    fn leads_home_alone(&mut self, craft: &Craft) -> bool {
        let (Some(here), Some(post)) = (craft.telemetry.position, self.kept_post) else { return true };
        if self.from_here.given_up.is_some_and(|place| place.distance_m(&here) < WALKED_M) {
            return true;
        }
        if matches!(self.from_here.on_board, OnBoard::WayOut) {
            self.from_here.on_board = self.way_out_on_board(craft);
        }
        let OnBoard::Known(drawn) = &self.from_here.on_board else { return false };
        let walked_m = drawn.from.distance_m(&here);
        // One of ours may hover where it began by now.
        let raised = post.height_m - drawn.height_m > craft.limits.arrival_height_m;
        if walked_m > WALKED_M || raised {
            return false;
        }
        (drawn.on_scene && walked_m < AGAIN_M) || self.may_begin(drawn, here, post, craft.telemetry.autopilot())
    }

    fn way_out_on_board(&self, craft: &Craft) -> OnBoard {
        let (Some(stand_off), Some(planned)) = (self.plan.outbound.last(), self.planned) else { return OnBoard::Unknown };
        let list = self.way_out_and_back(craft);
        OnBoard::Known(Drawn { from: *stand_off, height_m: planned.height_m, list, on_scene: false })
    }

    /// Whether the straight way to what the autopilot would begin with is one that the scene allows, at the lower of its ends. It begins after minutes
    /// without a word, at the height at which it was last told to hover, however high it is now.
    fn may_begin(&self, drawn: &Drawn, here: GeoPoint, post: EscortPost, autopilot: Autopilot) -> bool {
        let sunk_m = match self.way {
            Some(Way::Down(sunk_m, _)) => sunk_m,
            Some(Way::Up(..)) | None => f64::INFINITY,
        };
        let hover_m = post.height_m.min(sunk_m);
        let over_home_m = hover_m + self.plan.post_base_m(here, hover_m);
        let Some(begin) = rejoin::begins_at(autopilot, &drawn.list, here, over_home_m) else { return false };
        if begin.place.distance_m(&here) > FAR_M {
            return false;
        }
        let kept_m = drawn.height_m.min(route::scene_height_m(&self.plan)).min(hover_m);
        let begin_m = begin.height_m.map_or(kept_m, |begin_m| begin_m - self.plan.post_base_along_m(here, begin.place, kept_m));
        kept_m - UNDER_M <= begin_m && route::leads_back(&self.plan, here, begin.place, kept_m.min(begin_m))
    }

    /// The way home from here: aside, as an ordered one goes, up, and by legal corners to the pad.
    fn draw_from_here(&self, craft: &Craft) -> Option<Drawn> {
        let (here, post) = (craft.telemetry.position?, self.kept_post?);
        let begin = self.target.and_then(|person| route::aside(&self.plan, here, person.place)).unwrap_or(here);
        let over_home_m = post.height_m + self.plan.post_base_along_m(here, begin, post.height_m);
        let corners = route::way_home(&self.plan, begin, &self.trail, &self.plan.homeward);
        let marked = craft.telemetry.autopilot().needs_way_back();
        let list = items::from_here(&self.plan, (begin, over_home_m), &corners, marked);
        Some(Drawn { from: here, height_m: post.height_m, list, on_scene: true })
    }

    /// A way home was ordered. A list that the aircraft is taking it takes to its end first: a PX4 that has begun one refuses another, or takes the
    /// rest of it for what was missing, and each refused offer renews its patience. What is taken leads home too.
    pub(super) fn let_finish(&mut self, craft: &mut Craft, now_ms: u64) {
        self.from_here.forget();
        self.from_here.awaited_until_ms = now_ms + FINISHED_WITHIN_MS;
        if self.from_here.loading.is_none() {
            craft.transfer = None;
        }
    }

    /// Whether an ordered way home must wait; its read-back nobody waits for.
    pub(super) fn awaits_finish(&mut self, craft: &mut Craft, now_ms: u64) -> bool {
        let taken = craft.transfer.as_ref().is_some_and(Transfer::is_offered) && now_ms < self.from_here.awaited_until_ms;
        if self.from_here.loading.is_some() && !taken {
            (self.from_here.loading, craft.transfer) = (None, None);
        }
        self.from_here.loading.is_some()
    }
}
