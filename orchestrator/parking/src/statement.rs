//! A day's statement of a lot as comma-separated values: the journal with both sides, and totals that must agree.

use flight_types::LotId;

use crate::calendar::{Day, local};
use crate::ledger::{Account, Line, Transaction, TransactionKind};
use crate::state::State;

const HEADER: &str = "date,time,number,kind,session,plate,payment,account,debit,credit";

/// The statement; `None` for a lot that is not there.
pub(crate) fn csv(state: &State, lot: &LotId, day: Day) -> Option<String> {
    let lot = state.config.lot(lot)?;
    let utc_offset_min = state.tariffs.get(&lot.tariff.to_string())?.utc_offset_min;
    let mut rows = vec![HEADER.to_owned()];
    let (mut debits, mut credits) = (0_i128, 0_i128);
    for transaction in state.ledger.journal().filter(|transaction| transaction.lot == lot.id) {
        let (of_day, time_ms) = local(transaction.at_ms, utc_offset_min);
        if of_day != day {
            continue;
        }
        for line in &transaction.lines {
            debits += i128::from(line.amount.max(0));
            credits += i128::from((-line.amount).max(0));
            rows.push(row(state, transaction, line, day, time_ms));
        }
    }
    rows.push(format!("{day},,,total,,,,,{debits},{credits}"));
    // RFC 4180: lines end with CR LF, the last one too.
    Some(rows.iter().map(|row| format!("{row}\r\n")).collect())
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
