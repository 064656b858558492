//! The loop: admits requests, makes them durable in batches, gives them to the core, hands out what the core orders.
//!
//! One task owns the core and the head of the log. Requests that arrive while a transaction is being flushed share the next one.
//! Nothing acts before it is durable: effects leave only after their entry is on disk, and a request is answered only then.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use dispatch_core::config::SiteConfig;
use dispatch_core::effect::{Action, Effect};
use dispatch_core::event::{Actor, Entry, Event};
use dispatch_core::{Core, Refusal};
use flight_types::IncidentId;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::crash::{Crash, CrashOrder, CrashPoint};
use crate::limits;
use crate::live::Live;
use crate::store::{Log, LogHead, Store, StoreError};

/// A request that is in the log and was taken by the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its entry.
    pub seq: u64,
}

/// Why a request was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    /// The core has a reason against it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// More work is open than the server may hold.
    #[error("the server is overloaded; try again shortly")]
    Overloaded,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Closing,
    /// It could not be made durable, or it is not known whether it was: ask again with the same idempotency key.
    #[error("the request could not be stored; try again")]
    NotStored(#[source] Arc<StoreError>),
}

/// An entry that the core has taken, with what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    /// The entry.
    pub entry: Entry,
    /// What the core ordered.
    pub effects: Vec<Effect>,
    /// Incidents whose timeline got a line.
    pub touched: Vec<IncidentId>,
}

/// What a district starts with.
#[derive(Debug, Clone)]
pub struct Opening {
    /// `version+commit` of the program.
    pub code_version: String,
    /// The site as configured now.
    pub site: SiteConfig,
    /// Where a test wants this life to end.
    pub crash: Option<CrashOrder>,
}

/// The effects that leave the engine, in order. Bounded by [`limits::EFFECTS_OPEN_MAX`] and, for parking,
/// [`limits::PARKING_EFFECTS_OPEN_MAX`], above which requests are refused.
pub type EffectQueue = mpsc::UnboundedReceiver<Effect>;

/// A handle to the loop; cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    submissions: mpsc::Sender<Submission>,
}

#[derive(Debug)]
struct Shared {
    core: RwLock<Core>,
    steps: broadcast::Sender<Arc<Stepped>>,
    clock: Clock,
    /// Of everything but parking.
    effects_open: AtomicU64,
    /// Of parking.
    parking_open: AtomicU64,
    closing: AtomicBool,
}

#[derive(Debug)]
struct Submission {
    actor: Actor,
    event: Event,
    answer: oneshot::Sender<Result<Accepted, SubmitError>>,
}

/// The running loop; awaited at shutdown.
#[derive(Debug)]
pub struct EngineTask {
    join: JoinHandle<()>,
    stop: mpsc::Sender<()>,
}

impl EngineTask {
    /// Lets the loop finish what was submitted before, then ends it.
    pub async fn stop(self) {
        // A loop that has ended already needs no telling.
        let _ = self.stop.send(()).await;
        if let Err(error) = self.join.await {
            tracing::error!(error = %error, "the engine's loop ended by a panic");
        }
    }

    /// Waits for the loop to end by itself, which it only does by a bug.
    pub async fn ended(&mut self) {
        let _ = (&mut self.join).await;
    }
}

impl Engine {
    /// Replays the log, appends `Configured`, gives the outstanding effects again, and starts the loop. `live` learns from the log
    /// who is on duty.
    pub async fn start(
        store: &Store,
        clock: Clock,
        live: &Live,
        opening: Opening,
    ) -> Result<(Self, EngineTask, EffectQueue), StoreError> {
        let mut core = Core::new(store.district().clone());
        let mut crash = opening.crash.map(Crash::new);
        let mut replay = |entry: &Entry| {
            drop(core.step(entry));
            crash.iter_mut().for_each(|crash| crash.replayed(entry));
        };
        let head = store.log().read(LogHead::start(), &mut replay).await?;
        tracing::info!(entries = head.seq, state = %core.state_hash(), "log replayed");
        core.guards().for_each(|(guard, record)| live.set_duty(guard, record.on_duty));
        let clock = clock.not_before(head.at_ms);
        let (effects, queue) = mpsc::unbounded_channel();
        let (submissions, waiting) = mpsc::channel(limits::SUBMISSIONS_WAITING_MAX);
        let shared = Arc::new(Shared {
            core: RwLock::new(core),
            steps: broadcast::Sender::new(limits::STEPS_BEHIND_MAX),
            clock,
            effects_open: AtomicU64::new(0),
            parking_open: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        });
        let mut turning =
            Loop { shared: shared.clone(), log: store.log(), head, effects, live: live.clone(), crash, log_unsure: false };
        turning.open(opening.code_version, opening.site).await?;
        let (stop, stopped) = mpsc::channel(1);
        let join = tokio::spawn(turning.run(waiting, stopped));
        Ok((Self { shared, submissions }, EngineTask { join, stop }, queue))
    }

    /// Takes a request from outside: admitted, durable, decided, its effects on their way. Returns after all of that.
    pub async fn submit(&self, actor: Actor, event: Event) -> Result<Accepted, SubmitError> {
        if self.shared.closing.load(Ordering::Relaxed) {
            return Err(SubmitError::Closing);
        }
        if self.is_overloaded(&event) {
            metrics::counter!("submissions_refused_overloaded").increment(1);
            return Err(SubmitError::Overloaded);
        }
        self.report(actor, event).await
    }

    /// Parking has a ceiling of its own, far below that of calls for help and not counted with them: a payment provider that is away
    /// for a day must not shut anybody out who is in danger.
    fn is_overloaded(&self, event: &Event) -> bool {
        let (open, most) = match event {
            Event::Parking { .. } => (&self.shared.parking_open, limits::PARKING_EFFECTS_OPEN_MAX),
            _ => (&self.shared.effects_open, limits::EFFECTS_OPEN_MAX),
        };
        most <= open.load(Ordering::Relaxed)
    }

    /// Takes what the server's own parts report (completions, link events), also while it is overloaded or draining.
    pub async fn report(&self, actor: Actor, event: Event) -> Result<Accepted, SubmitError> {
        let (answer, answered) = oneshot::channel();
        let submission = Submission { actor, event, answer };
        self.submissions.send(submission).await.map_err(|_| SubmitError::Closing)?;
        answered.await.map_err(|_| SubmitError::Closing)?
    }

    /// Looks at the state as of the latest entry. Must not block: the loop waits meanwhile.
    pub fn read<R>(&self, look: impl FnOnce(&Core) -> R) -> R {
        look(&self.shared.core.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every entry from now on, after the core took it. A receiver that lags must read the state afresh.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Stepped>> {
        self.shared.steps.subscribe()
    }

    /// The server's time, milliseconds since 1970-01-01 UTC.
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    /// The server's clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Refuses requests from outside from now on; the server's own parts may still report.
    pub fn stop_accepting(&self) {
        self.shared.closing.store(true, Ordering::Relaxed);
    }

    /// Effects handed out and not finished by their worker.
    pub fn effects_open(&self) -> u64 {
        self.shared.effects_open.load(Ordering::Relaxed) + self.shared.parking_open.load(Ordering::Relaxed)
    }

    /// A worker has finished with an effect, however that ended.
    pub(crate) fn effect_finished(&self) {
        self.shared.effects_open.fetch_sub(1, Ordering::Relaxed);
    }

    /// The same for an order of parking.
    pub(crate) fn parking_effect_finished(&self) {
        self.shared.parking_open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the one task owns.
struct Loop {
    shared: Arc<Shared>,
    log: Log,
    head: LogHead,
    effects: mpsc::UnboundedSender<Effect>,
    live: Live,
    crash: Option<Crash>,
    // The store failed while committing: it may hold entries that the core has not seen.
    log_unsure: bool,
}

impl Loop {
    /// The first entry of this run, then everything that has no completion yet.
    async fn open(&mut self, code_version: String, site: SiteConfig) -> Result<(), StoreError> {
        let event = Event::Configured { code_version, site: Box::new(site) };
        for entry in self.append(vec![(Actor::System, event)]).await? {
            self.crash_at(CrashPoint::Durable, &entry);
            // The effects of this entry are among the outstanding ones and leave with them.
            let (effects, touched) = self.step(&entry);
            let outstanding = self.read(Core::outstanding);
            tracing::info!(effects = outstanding.len(), "outstanding effects given again");
            self.dispatch(outstanding);
            self.crash_at(CrashPoint::Dispatched, &entry);
            self.announce(Stepped { entry, effects, touched });
        }
        Ok(())
    }

    async fn run(mut self, mut waiting: mpsc::Receiver<Submission>, mut stop: mpsc::Receiver<()>) {
        let mut batch = Vec::new();
        let batch_max = self.entries_per_commit_max();
        loop {
            let clock = self.shared.clock.clone();
            let deadline_ms = self.read(Core::next_deadline_ms).unwrap_or(i64::MAX);
            tokio::select! {
                biased;
                received = waiting.recv_many(&mut batch, batch_max) => {
                    if received == 0 {
                        return;
                    }
                    metrics::gauge!("submissions_waiting").set(waiting.len() as f64);
                    self.take(&mut batch).await;
                }
                () = clock.sleep_until(deadline_ms), if deadline_ms < i64::MAX => self.time_passed().await,
                _ = stop.recv() => waiting.close(),
            }
        }
    }

    /// Makes a batch durable and answers each of its submissions.
    async fn take(&mut self, batch: &mut Vec<Submission>) {
        let mut admitted = Vec::with_capacity(batch.len());
        for submission in batch.drain(..) {
            match self.read(|core| core.admit(&submission.actor, &submission.event)) {
                Ok(()) => admitted.push(submission),
                Err(refusal) => answer(submission.answer, Err(refusal.into())),
            }
        }
        if admitted.is_empty() {
            return;
        }
        let (contents, answers): (Vec<_>, Vec<_>) =
            admitted.into_iter().map(|submission| ((submission.actor, submission.event), submission.answer)).unzip();
        match self.append(contents).await {
            Ok(entries) => {
                for (entry, answer_to) in entries.into_iter().zip(answers) {
                    let result = self.act(entry);
                    answer(answer_to, result.map_err(SubmitError::from));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                answers.into_iter().for_each(|to| answer(to, Err(SubmitError::NotStored(error.clone()))));
            }
        }
    }

    async fn time_passed(&mut self) {
        match self.append(vec![(Actor::System, Event::TimePassed)]).await {
            Ok(entries) => entries.into_iter().for_each(|entry| drop(self.act(entry))),
            Err(_) => tokio::time::sleep(limits::STORE_RETRY_PAUSE).await,
        }
        if self.read(Core::next_deadline_ms).is_some_and(|next_ms| next_ms <= self.shared.clock.now_ms()) {
            tokio::time::sleep(limits::TIME_PASSED_PAUSE_MIN).await;
        }
    }

    /// Durable first. After a failure the log may hold more than the core has seen; that is caught up with before the next try.
    async fn append(&mut self, contents: Vec<(Actor, Event)>) -> Result<Vec<Entry>, StoreError> {
        if self.log_unsure {
            self.catch_up().await?;
        }
        let entries = self.entries(contents.into_iter());
        entries.iter().for_each(|entry| self.crash_at(CrashPoint::BeforeAppend, entry));
        match self.log.append(&self.head, &entries).await {
            Ok(head) => {
                self.head = head;
                metrics::counter!("entries_appended").increment(entries.len() as u64);
                metrics::counter!("log_commits").increment(1);
                Ok(entries)
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), entries = entries.len(), "the log could not be appended to");
                self.log_unsure = true;
                Err(error)
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let mut unseen = Vec::new();
        self.head = self.log.read(self.head.clone(), |entry| unseen.push(entry.clone())).await?;
        self.log_unsure = false;
        unseen.into_iter().for_each(|entry| drop(self.act(entry)));
        Ok(())
    }

    fn entries(&self, contents: impl Iterator<Item = (Actor, Event)>) -> Vec<Entry> {
        let at_ms = self.shared.clock.now_ms().max(self.head.at_ms);
        let district = self.log.district().clone();
        let seqs = self.head.seq + 1..;
        seqs.zip(contents).map(|(seq, (actor, event))| Entry { seq, at_ms, district: district.clone(), actor, event }).collect()
    }

    /// Gives a durable entry to the core and lets its effects leave. An entry of the same batch may have made it void, which its
    /// asker is told; the core ignores such an entry.
    fn act(&mut self, entry: Entry) -> Result<Accepted, Refusal> {
        self.crash_at(CrashPoint::Durable, &entry);
        let seq = entry.seq;
        let admitted = self.read(|core| core.admit(&entry.actor, &entry.event));
        let (effects, touched) = self.step(&entry);
        if let (Event::GuardDutyChanged { guard, on_duty }, Ok(())) = (&entry.event, &admitted) {
            // Before the effects leave: a search ordered by this very entry must see it.
            self.live.set_duty(guard, *on_duty);
        }
        self.dispatch(effects.clone());
        self.crash_at(CrashPoint::Dispatched, &entry);
        self.announce(Stepped { entry, effects, touched });
        admitted.map(|()| Accepted { seq })
    }

    /// What the core orders, and whose timelines got a line.
    fn step(&self, entry: &Entry) -> (Vec<Effect>, Vec<IncidentId>) {
        let mut core = self.shared.core.write().unwrap_or_else(PoisonError::into_inner);
        let effects = core.step(entry);
        (effects, core.touched().cloned().collect())
    }

    fn dispatch(&self, effects: Vec<Effect>) {
        let of_parking = effects.iter().filter(|effect| matches!(effect.action, Action::Parking { .. })).count() as u64;
        let parking_open = self.shared.parking_open.fetch_add(of_parking, Ordering::Relaxed) + of_parking;
        let others = effects.len() as u64 - of_parking;
        let effects_open = self.shared.effects_open.fetch_add(others, Ordering::Relaxed) + others;
        metrics::gauge!("effects_open").set(effects_open as f64);
        metrics::gauge!("parking_effects_open").set(parking_open as f64);
        for effect in effects {
            metrics::counter!("effects_ordered", "action" => crate::effects::action_name(&effect.action)).increment(1);
            // The receiver is only gone while the server shuts down; the effect is given again by the next one.
            let _ = self.effects.send(effect);
        }
    }

    fn announce(&self, stepped: Stepped) {
        // Nobody listening is fine.
        let _ = self.shared.steps.send(Arc::new(stepped));
    }

    fn read<R>(&self, look: impl FnOnce(&Core) -> R) -> R {
        look(&self.shared.core.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn crash_at(&self, point: CrashPoint, entry: &Entry) {
        self.crash.iter().for_each(|crash| crash.at(point, entry));
    }

    /// A life that dies at one entry must not take another to disk with it.
    fn entries_per_commit_max(&self) -> usize {
        if self.crash.is_some() { 1 } else { limits::ENTRIES_PER_COMMIT_MAX }
    }
}

/// An asker that has gone away needs no answer.
fn answer(to: oneshot::Sender<Result<Accepted, SubmitError>>, result: Result<Accepted, SubmitError>) {
    let _ = to.send(result);
}

/// An error with all its causes, for one log line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
