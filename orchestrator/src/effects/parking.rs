//! Carries out what the parking core orders: asks the payment provider, tells drivers and payers. Decides nothing about money.

use std::time::Duration;

use dispatch_core::effect::EffectId;
use dispatch_core::event::{Actor, Event, Outcome};
use parking_core::calendar::{MINUTE_MS, local};
use parking_core::event::{ParkingEvent, ProviderReport};
use parking_core::id::{PaymentId, PrivateRef};
use parking_core::model::PaymentState;
use parking_core::money::Money;
use parking_core::order::{Order, ParkingMessage};
use tokio::sync::Semaphore;

use super::{Message, Workshop, complete};
use crate::engine::chain;
use crate::limits;
use crate::payments::{Away, Charge, Verdict};
use crate::store::PrivateCard;

/// Carries one order out and reports its end. Orders wait for their turn at the provider, never for each other's answers.
pub(super) async fn carry_out(effect: EffectId, order: Order, workshop: Workshop, turns: std::sync::Arc<Semaphore>) {
    let outcome = match order {
        Order::Authorise { payment, instrument, amount } => {
            authorise(&workshop, &turns, &payment, &instrument, amount).await;
            Outcome::Done
        }
        Order::Capture { payment, instrument, amount } => {
            capture(&workshop, &turns, &payment, &instrument, amount).await;
            Outcome::Done
        }
        Order::Refund { refund, payment, instrument, amount } => {
            give_back(&workshop, &turns, Refunding { refund, payment, instrument, amount }).await;
            Outcome::Done
        }
        Order::Tell { to, message } => tell(&workshop, effect, &to, &message).await,
    };
    complete(&workshop.engine, Actor::System, Event::EffectDone { effect, outcome }).await;
    workshop.engine.parking_effect_finished();
}

struct Refunding {
    refund: parking_core::id::RefundId,
    payment: PaymentId,
    instrument: PrivateRef,
    amount: Money,
}

/// The instrument's card; `None` when it was erased, which happens only long after every payment has come to rest.
async fn card_of(workshop: &Workshop, reference: &PrivateRef) -> Option<PrivateCard> {
    loop {
        match workshop.private.get(reference).await {
            Ok(card) => return card,
            Err(error) => {
                tracing::error!(error = %chain(&error), "a private card could not be read; trying again");
                tokio::time::sleep(limits::STORE_RETRY_PAUSE).await;
            }
        }
    }
}

async fn charge(workshop: &Workshop, payment: &PaymentId, reference: &PrivateRef, amount: Money) -> Option<Charge> {
    let card = card_of(workshop, reference).await?;
    Some(Charge { payment: payment.to_string(), instrument: card.instrument?, order_name: card.order_name, amount })
}

async fn report(workshop: &Workshop, payment: &PaymentId, report: ProviderReport) {
    let event = ParkingEvent::Provider { payment: payment.clone(), report };
    complete(&workshop.engine, Actor::System, Event::Parking { change: Box::new(event) }).await;
}

fn no_card() -> Verdict {
    Verdict::Refused { reason: "the payment token is no longer kept".to_owned() }
}

/// Nothing is taken by asking, so a provider that stays away is a no.
async fn authorise(workshop: &Workshop, turns: &Semaphore, payment: &PaymentId, instrument: &PrivateRef, amount: Money) {
    // An order that a crash left open is given again although its answer is in the log. Asked beside the capture that followed, the
    // provider may call the token used, and a payment that goes through would be told as declined.
    let is_open = |core: &dispatch_core::Core| {
        core.parking().payment(payment).is_some_and(|payment| payment.state == PaymentState::Authorising)
    };
    if !workshop.engine.read(is_open) {
        return;
    }
    let verdict = match charge(workshop, payment, instrument, amount).await {
        None => no_card(),
        Some(charge) => {
            let ask = || workshop.payments.authorise(&charge);
            let tries = Some(limits::AUTHORISATION_TRIES_MAX);
            insist(turns, tries, ask).await.unwrap_or_else(|away| Verdict::Refused { reason: away.to_string() })
        }
    };
    let said = match verdict {
        Verdict::Done => ProviderReport::Authorised,
        Verdict::Refused { reason } => ProviderReport::Declined { reason },
    };
    report(workshop, payment, said).await;
}

/// Whether money was taken must be known, however long it takes: the same key asks again and again.
async fn capture(workshop: &Workshop, turns: &Semaphore, payment: &PaymentId, instrument: &PrivateRef, amount: Money) {
    let verdict = match charge(workshop, payment, instrument, amount).await {
        None => no_card(),
        Some(charge) => match insist(turns, None, || workshop.payments.capture(&charge)).await {
            Ok(verdict) => verdict,
            Err(_) => return,
        },
    };
    let said = match verdict {
        Verdict::Done => ProviderReport::Captured,
        Verdict::Refused { reason } => ProviderReport::Declined { reason },
    };
    report(workshop, payment, said).await;
}

async fn give_back(workshop: &Workshop, turns: &Semaphore, refunding: Refunding) {
    let Refunding { refund, payment, instrument, amount } = refunding;
    let whole = workshop.engine.read(|core| core.parking().payment(&payment).map(|payment| payment.amount)).unwrap_or(amount);
    let verdict = match charge(workshop, &payment, &instrument, whole).await {
        None => no_card(),
        Some(charge) => match insist(turns, None, || workshop.payments.refund(&charge, refund.as_str(), amount)).await {
            Ok(verdict) => verdict,
            Err(_) => return,
        },
    };
    let said = match verdict {
        Verdict::Done => ProviderReport::Refunded { refund },
        Verdict::Refused { reason } => ProviderReport::RefundRefused { refund, reason },
    };
    report(workshop, &payment, said).await;
}

/// Asks until the provider answers, with growing pauses; gives up after so many tries, or never.
async fn insist<'a>(
    turns: &Semaphore,
    tries_max: Option<u32>,
    ask: impl Fn() -> crate::payments::Answering<'a, Verdict>,
) -> Result<Verdict, Away> {
    let mut pause = limits::PROVIDER_PAUSE_MIN;
    let mut tries = 0_u32;
    loop {
        let turn = turns.acquire().await.expect("the semaphore is never closed");
        let answer = ask().await;
        drop(turn);
        let away = match answer {
            Ok(verdict) => return Ok(verdict),
            Err(away) => away,
        };
        tries = tries.saturating_add(1);
        if tries_max.is_some_and(|most| most <= tries) {
            return Err(away);
        }
        tracing::warn!(error = %away, tries, "asking the payment provider again");
        tokio::time::sleep(pause).await;
        pause = longer(pause);
    }
}

fn longer(pause: Duration) -> Duration {
    (pause * 2).min(limits::PROVIDER_PAUSE_MAX)
}

async fn tell(workshop: &Workshop, effect: EffectId, to: &PrivateRef, message: &ParkingMessage) -> Outcome {
    // Nobody left a telephone number: there is nobody to tell, which is no failure.
    let Some((card, phone)) = card_of(workshop, to).await.and_then(|card| Some((card.clone(), card.phone?))) else {
        return Outcome::Done;
    };
    let korean = card.language == "ko";
    let place = place_of(workshop, message);
    let text = if korean { in_korean(message, &place) } else { in_english(message, &place) };
    let message = Message { id: effect.to_string(), to: phone, kind: "parking".to_owned(), text };
    match workshop.messages.send(&message) {
        Ok(()) => Outcome::Done,
        Err(error) => {
            tracing::error!(error = %error, "a message about parking could not be handed over");
            Outcome::Failed { reason: error.to_string() }
        }
    }
}

/// The place that is stored for an area, looked up for the notice, and when the stay began by the clock of the place.
fn place_of(workshop: &Workshop, message: &ParkingMessage) -> String {
    let ParkingMessage::EntryComplete { area, entered_at_ms, .. } = message else { return String::new() };
    workshop.engine.read(|core| {
        let parking = core.parking();
        let Some(area) = parking.config().area(area) else { return String::new() };
        let (_, ms_of_day) = local(*entered_at_ms, parking.utc_offset_min(&area.lot));
        let minute = ms_of_day / MINUTE_MS;
        format!("{}, {}, {:02}:{:02}", area.name, area.place, minute / 60, minute % 60)
    })
}

fn in_english(message: &ParkingMessage, place: &str) -> String {
    match message {
        ParkingMessage::EntryComplete { session, plate, .. } => {
            format!("Parked: {plate} at {place}. Stay {session}.")
        }
        ParkingMessage::ExitComplete { session, plate, fee, due } => {
            format!("Left: {plate}. Fee {fee} won, still due {due} won. Stay {session}.")
        }
        ParkingMessage::PaidForYou { session, amount, due } => {
            format!("{amount} won were paid for you, {due} won are still due. Stay {session}.")
        }
        ParkingMessage::NotPaidForYou { session, amount, due, charged } => {
            let how = if *charged { "charged to your card" } else { "due" };
            format!("Somebody's payment of {amount} won for you did not go through; {due} won are {how}. Stay {session}.")
        }
        ParkingMessage::Receipt { payment, plate, amount } => format!("Receipt: {amount} won for {plate}. Payment {payment}."),
        ParkingMessage::Declined { payment, amount } => {
            format!("The payment of {amount} won did not go through; nothing was taken. Payment {payment}.")
        }
        ParkingMessage::Refunded { payment, amount } => format!("{amount} won were given back. Payment {payment}."),
        ParkingMessage::Reversed { session, amount, due } => {
            format!("A payment of {amount} won was taken back by its bank; {due} won are due. Stay {session}.")
        }
    }
}

fn in_korean(message: &ParkingMessage, place: &str) -> String {
    match message {
        ParkingMessage::EntryComplete { session, plate, .. } => format!("입차 완료: {plate}, {place}. 주차 번호 {session}"),
        ParkingMessage::ExitComplete { session, plate, fee, due } => {
            format!("출차 완료: {plate}. 요금 {fee}원, 미납 {due}원. 주차 번호 {session}")
        }
        ParkingMessage::PaidForYou { session, amount, due } => {
            format!("{amount}원이 대신 결제되었습니다. 남은 금액 {due}원. 주차 번호 {session}")
        }
        ParkingMessage::NotPaidForYou { session, amount, due, charged } => {
            let how = if *charged { "등록된 카드로 결제합니다" } else { "남아 있습니다" };
            format!("대신 결제하려던 {amount}원이 승인되지 않았습니다. {due}원이 {how}. 주차 번호 {session}")
        }
        ParkingMessage::Receipt { payment, plate, amount } => format!("영수증: {plate} 주차 요금 {amount}원. 결제 번호 {payment}"),
        ParkingMessage::Declined { payment, amount } => {
            format!("{amount}원 결제가 승인되지 않았습니다. 청구된 금액은 없습니다. 결제 번호 {payment}")
        }
        ParkingMessage::Refunded { payment, amount } => format!("{amount}원이 환불되었습니다. 결제 번호 {payment}"),
        ParkingMessage::Reversed { session, amount, due } => {
            format!("{amount}원 결제가 은행에서 취소되었습니다. 납부할 금액 {due}원. 주차 번호 {session}")
        }
    }
}
