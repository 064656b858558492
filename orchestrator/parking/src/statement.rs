//! A day's statement of a lot as comma-separated values: the journal with both sides, and totals that must agree.

use flight_types::LotId;

use crate::calendar::{Day, local};
use crate::ledger::{Account, Line, Transaction, TransactionKind};
use crate::limits::KEPT_MS;
use crate::refusal::Refusal;
use crate::state::State;

const HEADER: &str = "date,time,number,kind,session,plate,payment,account,debit,credit";

/// The statement. A day that is not kept whole any more is refused: an empty sheet would say that nothing was earned.
pub(crate) fn csv(state: &State, lot: &LotId, day: Day, at_ms: i64) -> Result<String, Refusal> {
    let lot = state.config.lot(lot).ok_or_else(|| Refusal::Unknown { kind: "lot", id: lot.to_string() })?;
    let utc_offset_min = state.utc_offset_min(&lot.id);
    if day.begins_ms(utc_offset_min) < at_ms.saturating_sub(KEPT_MS) {
        return Err(Refusal::Forgotten(day));
    }
    let mut rows = vec![HEADER.to_owned()];
    let (mut debits, mut credits) = (0_i128, 0_i128);
    let of_day = state.ledger.journal_from(day.begins_ms(utc_offset_min));
    let of_day = of_day.take_while(|transaction| local(transaction.at_ms, utc_offset_min).0 == day);
    for transaction in of_day.filter(|transaction| transaction.lot == lot.id) {
        let (_, time_ms) = local(transaction.at_ms, utc_offset_min);
        for line in &transaction.lines {
            debits += i128::from(line.amount.max(0));
            credits += i128::from((-line.amount).max(0));
            rows.push(row(state, transaction, line, day, time_ms));
        }
    }
    rows.push(format!("{day},,,total,,,,,{debits},{credits}"));
    // RFC 4180: lines end with CR LF, the last one too.
    Ok(rows.iter().map(|row| format!("{row}\r\n")).collect())
}

fn row(state: &State, transaction: &Transaction, line: &Line, day: Day, time_ms: i64) -> String {
    let seconds = time_ms / 1_000;
    let (debit, credit) =
        if line.amount < 0 { (String::new(), (-line.amount).to_string()) } else { (line.amount.to_string(), String::new()) };
    // Plates and ids consist of letters, digits, '-', '_' and '.', so nothing needs quoting and no spreadsheet takes it for a formula.
    let plate = state.sessions.get(&transaction.session).map(|session| session.plate.as_str()).unwrap_or_default();
    [
        day.to_string(),
        format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
        transaction.number.to_string(),
        kind(transaction.kind).to_owned(),
        transaction.session.to_string(),
        plate.to_owned(),
        transaction.payment.as_ref().map(ToString::to_string).unwrap_or_default(),
        account(&line.account).to_owned(),
        debit,
        credit,
    ]
    .join(",")
}

fn kind(kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Fee => "fee",
        TransactionKind::Remission => "remission",
        TransactionKind::Payment => "payment",
        TransactionKind::Refund => "refund",
        TransactionKind::Reversal => "reversal",
    }
}

fn account(account: &Account) -> &'static str {
    match account {
        Account::Driver { .. } => "driver",
        Account::Revenue { .. } => "revenue",
        Account::Provider => "provider",
    }
}
