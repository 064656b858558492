//! The storage port: what goes in comes out, on both databases; chains show every change; one owner at a time.

use dispatch_core::effect::{Action, CallerNotice, EffectId};
use dispatch_core::event::Role;
use flight_types::{AccountId, LotId};
use orchestrator::access::{Access, AccessError, NewAccount, NewCaller, OwnLots, Owner};
use orchestrator::clock::Clock;
use orchestrator::store::{
    AuditOutcome, AuditRecord, AuditTrail, Lease, Location, LogHead, NoticeRow, Recipient, Store, StoreError, verify_audit,
};
use sqlx::AssertSqlSafe;

use crate::fixture::{START_MS, caller, district, entries, soon};
use crate::postgres::Postgres;

/// Runs a test on every database there is, each empty.
async fn on_each_database<F: Future<Output = ()>>(test: impl Fn(Location) -> F) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    test(Location::directory(folder.path())).await;
    if let Some(postgres) = Postgres::start() {
        let url = postgres.url();
        soon("PostgreSQL takes connections", async {
            let location = || Location::with_database(folder.path().join("pg"), Some(url.clone()));
            while let Err(error) = Store::open(&location(), district()).await {
                assert!(matches!(error, StoreError::Database { doing: "connecting", .. }), "{error:?}");
                tokio::task::yield_now().await;
            }
        })
        .await;
        test(Location::with_database(folder.path().join("pg"), Some(url.clone()))).await;
    }
}

#[tokio::test]
async fn a_log_comes_back_as_it_was_written_and_continues_where_it_ended() {
    on_each_database(|location| async move {
        let written = entries(40);
        let store = Store::open(&location, district()).await.expect("a new store");
        let head = store.log().append(&LogHead::start(), &written[..25]).await.expect("appended");
        let head = store.log().append(&head, &written[25..]).await.expect("appended");
        store.close().await;
        drop(store);

        let store = Store::open_reading(&location, None).await.expect("the same store");
        let mut read = Vec::new();
        let read_head = store.log().read(LogHead::start(), |entry| read.push(entry.clone())).await.expect("read");
        assert_eq!(read, written);
        assert_eq!(read_head, head);
        assert_eq!(store.log().verify().await.expect("read"), Ok(head));
    })
    .await;
}

#[tokio::test]
async fn a_row_is_written_once() {
    on_each_database(|location| async move {
        let store = Store::open(&location, district()).await.expect("a new store");
        let written = entries(3);
        store.log().append(&LogHead::start(), &written).await.expect("appended");
        // Another writer that does not know of these rows, or a commit whose answer was lost.
        let again = store.log().append(&LogHead::start(), &written[..1]).await;
        assert!(matches!(again, Err(StoreError::Database { .. })), "{again:?}");
        let mut count = 0;
        store.log().read(LogHead::start(), |_| count += 1).await.expect("read");
        assert_eq!(count, 3);
    })
    .await;
}

#[tokio::test]
async fn every_change_to_a_row_breaks_the_chain_at_that_row() {
    on_each_database(|location| async move {
        let store = Store::open(&location, district()).await.expect("a new store");
        store.log().append(&LogHead::start(), &entries(6)).await.expect("appended");
        let audit = AuditTrail::start(&store, Clock::manual(START_MS)).await.expect("a trail");
        for n in 0..6 {
            let record = AuditRecord::new(None, "sign_in", format!("account-{n}"), AuditOutcome::Refused).with("from", "127.0.0.1");
            audit.record(record).await.expect("recorded");
        }
        // (the change, what undoes it, the table it is in, the row it must be found at)
        let changes = [
            (
                "UPDATE log_entry SET at_ms = at_ms + 1 WHERE seq = 4",
                "UPDATE log_entry SET at_ms = at_ms - 1 WHERE seq = 4",
                "log",
                4,
            ),
            ("UPDATE log_entry SET seq = 99 WHERE seq = 2", "UPDATE log_entry SET seq = 2 WHERE seq = 99", "log", 2),
            (
                "UPDATE log_entry SET actor = '{\"who\":\"caller\",\"id\":\"c9\"}' WHERE seq = 1",
                "UPDATE log_entry SET actor = '{\"who\":\"system\"}' WHERE seq = 1",
                "log",
                1,
            ),
            (
                "UPDATE audit_record SET outcome = '\"done\"' WHERE seq = 5",
                "UPDATE audit_record SET outcome = '\"refused\"' WHERE seq = 5",
                "audit",
                5,
            ),
            ("UPDATE audit_record SET seq = 77 WHERE seq = 3", "UPDATE audit_record SET seq = 3 WHERE seq = 77", "audit", 3),
        ];
        for (change, undo, table, seq) in changes {
            sqlx::query(AssertSqlSafe(change)).execute(store.pool()).await.expect("changed");
            let log = store.log().verify().await.expect("read").err().map(|broken| broken.seq);
            let trail = verify_audit(&store).await.expect("read").err().map(|broken| broken.seq);
            let expected = if table == "log" { (Some(seq), None) } else { (None, Some(seq)) };
            assert_eq!((log, trail), expected, "{change}");
            sqlx::query(AssertSqlSafe(undo)).execute(store.pool()).await.expect("undone");
        }
        assert!(store.log().verify().await.expect("read").is_ok());
        assert!(verify_audit(&store).await.expect("read").is_ok());
    })
    .await;
}

#[tokio::test]
async fn the_audit_chain_goes_on_after_a_restart_and_cuts_long_texts() {
    on_each_database(|location| async move {
        for _ in 0..2 {
            let store = Store::open(&location, district()).await.expect("a store");
            let audit = AuditTrail::start(&store, Clock::manual(START_MS)).await.expect("a trail");
            let long = "눌림".repeat(10_000);
            audit.record(AuditRecord::new(None, "refused", long, AuditOutcome::Refused)).await.expect("recorded");
            store.close().await;
        }
        let store = Store::open_reading(&location, Some(district())).await.expect("the same store");
        assert_eq!(verify_audit(&store).await.expect("read").map(|head| head.seq), Ok(2));
        let longest: i64 =
            sqlx::query_scalar("SELECT MAX(LENGTH(subject)) FROM audit_record").fetch_one(store.pool()).await.expect("read");
        assert!(longest <= 512, "{longest}");
    })
    .await;
}

#[tokio::test]
async fn one_process_has_a_data_directory() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let location = Location::directory(folder.path());
    let first = Store::open(&location, district()).await.expect("a new store");
    let second = Store::open(&location, district()).await;
    assert!(matches!(second, Err(StoreError::InUse { .. })), "{second:?}");
    drop(first);
    Store::open(&location, district()).await.expect("free again");
}

#[tokio::test]
async fn reading_makes_no_database() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let read = Store::open_reading(&Location::directory(folder.path()), None).await;
    assert!(matches!(read, Err(StoreError::Io { .. })), "{read:?}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
}

#[tokio::test]
async fn a_district_has_one_owner_until_its_lease_runs_out() {
    on_each_database(|location| async move {
        let store = Store::open(&location, district()).await.expect("a new store");
        let clock = Clock::manual(START_MS);
        let first = Lease::take(&store, clock.clone(), "first".to_owned()).await.expect("free");
        match store.backend() {
            // The lock on the data directory has already proved that the first owner is gone.
            orchestrator::store::Backend::Sqlite => {}
            orchestrator::store::Backend::Postgres => {
                let second = Lease::take(&store, clock.clone(), "second".to_owned()).await;
                assert!(matches!(second, Err(StoreError::LeaseHeld { ref owner, .. }) if owner == "first"), "{second:?}");
                clock.advance(Lease::length().as_millis() as i64);
            }
        }
        let second = Lease::take(&store, clock.clone(), "second".to_owned()).await.expect("run out");
        // The first gives back what it no longer has: nothing happens to the second's lease.
        first.release().await.expect("no error");
        let owner: String = sqlx::query_scalar("SELECT owner FROM district_lease").fetch_one(store.pool()).await.expect("a lease");
        assert_eq!(owner, "second");
        second.release().await.expect("released");
    })
    .await;
}

#[tokio::test]
async fn a_notice_is_kept_once_until_it_is_settled() {
    on_each_database(|location| async move {
        let store = Store::open(&location, district()).await.expect("a new store");
        let outbox = store.outbox();
        let notice = |seq| NoticeRow {
            effect: EffectId { seq, index: 1 },
            at_ms: START_MS,
            recipient: Recipient::Caller(caller("c1")),
            incident: None,
            action: Action::NotifyCaller {
                caller: caller("c1"),
                incident: flight_types::IncidentId::new("i1").expect("an id"),
                notice: CallerNotice::GuardOnScene,
            },
        };
        outbox.put(&[notice(1), notice(2)]).await.expect("kept");
        outbox.put(&[notice(2), notice(3)]).await.expect("kept again");
        let open = outbox.open(Some(&Recipient::Caller(caller("c1")))).await.expect("read");
        assert_eq!(open, [notice(1), notice(2), notice(3)]);
        assert_eq!(outbox.open(Some(&Recipient::Operators)).await.expect("read"), []);
        outbox.settle(&[notice(1).effect, notice(3).effect]).await.expect("settled");
        assert_eq!(outbox.open(None).await.expect("read"), [notice(2)]);
    })
    .await;
}

#[tokio::test]
async fn devices_and_one_time_codes_are_counted_and_ended() {
    on_each_database(|location| async move {
        let store = Store::open(&location, district()).await.expect("a new store");
        let clock = Clock::manual(START_MS);
        let access = Access::open(store.clone(), clock.clone()).await.expect("access");
        let new = NewCaller {
            name: "Kim".to_owned(),
            phone: "+82 10 1234 5678".to_owned(),
            home: None,
            contact: None,
            safe_code: None,
            duress_code: None,
            language: "ko".to_owned(),
            device: "Chrome, Android".to_owned(),
        };
        let kim = access.register_caller(new).await.expect("a caller");
        let account = AccountId::new("g1").expect("an id");
        let new = NewAccount {
            id: account.clone(),
            name: "Lee".to_owned(),
            role: Role::Guard,
            lots: OwnLots::All,
            password: "long enough".to_owned(),
        };
        access.add_account(new).await.expect("an account");
        let radio = access.issue_named_token(&account, "radio").await.expect("a token");
        let session = access.open_session(&account, "Firefox, Linux").await.expect("a session");
        assert!(access.by_token(radio.reveal()).await.expect("read").is_some());

        let guard = Owner::new(account, Role::Guard);
        let caller = Owner::new(AccountId::new(kim.caller.as_str()).expect("an id"), Role::Caller);
        let names = async |owner: &Owner| -> Vec<String> {
            access.devices(owner, None).await.expect("devices").into_iter().map(|device| device.name).collect()
        };
        assert_eq!(names(&caller).await, ["Chrome, Android"]);
        assert_eq!(access.end_devices(&guard, Some(session.reveal())).await.expect("ended"), 1);
        assert_eq!(names(&guard).await, ["Firefox, Linux"]);
        assert!(access.by_token(radio.reveal()).await.expect("read").is_none());
        assert_eq!(names(&caller).await, ["Chrome, Android"], "of nobody else");

        clock.advance(60_000);
        let renewed = access.renew_phone_code(&kim.caller).await.expect("a minute has passed");
        assert!(matches!(access.renew_phone_code(&kim.caller).await, Err(AccessError::TooSoon { retry_after_s: 60 })));
        access.check_phone(&kim.caller, &renewed.code).await.expect("the latest code");
        assert!(matches!(access.renew_phone_code(&kim.caller).await, Err(AccessError::PhoneChecked)));
    })
    .await;
}

/// A manager with these lots.
fn manager(id: &str, lots: OwnLots) -> NewAccount {
    let id = AccountId::new(id).expect("an id");
    NewAccount { id, name: "Manager".to_owned(), role: Role::Manager, lots, password: "long enough".to_owned() }
}

fn only(lots: &[&str]) -> OwnLots {
    OwnLots::Only(lots.iter().map(|lot| LotId::new(*lot).expect("an id")).collect())
}

#[tokio::test]
async fn a_manager_keeps_some_lots_none_or_all_and_is_known_with_them() {
    on_each_database(|location| async move {
        let store = Store::open(&location, district()).await.expect("a new store");
        let access = Access::open(store.clone(), Clock::manual(START_MS)).await.expect("access");
        for (id, lots) in [("all", OwnLots::All), ("some", only(&["east", "west-2"])), ("none", only(&[]))] {
            access.add_account(manager(id, lots.clone())).await.expect("an account");
            assert_eq!(access.account(id).await.expect("read").map(|account| account.lots), Some(lots.clone()), "{id}");
            let id = AccountId::new(id).expect("an id");
            let token = access.issue_account_token(&id).await.expect("a token");
            let session = access.open_session(&id, "Firefox, Linux").await.expect("a session");
            for lots in [lots, only(&["north"]), only(&[]), OwnLots::All] {
                access.set_lots(&id, lots.clone()).await.expect("changed");
                let by_token = access.by_token(token.reveal()).await.expect("read").map(|known| known.lots);
                let by_session = access.by_session(session.reveal()).await.expect("read").map(|known| known.lots);
                let by_password = access.check_password(id.as_str(), "long enough").await.expect("read").lots;
                assert_eq!((by_token, by_session, by_password), (Some(lots.clone()), Some(lots.clone()), lots), "{id}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn managers_of_before_there_were_lots_keep_every_lot() {
    on_each_database(|location| async move {
        let store = Store::open(&location, district()).await.expect("a new store");
        let access = Access::open(store.clone(), Clock::manual(START_MS)).await.expect("access");
        access.add_account(manager("of-before", only(&["east"]))).await.expect("an account");
        // Back to the tables of before, with somebody in them.
        for undo in ["ALTER TABLE accounts DROP COLUMN lots", "DELETE FROM _sqlx_migrations WHERE version = 260"] {
            sqlx::query(undo).execute(store.pool()).await.expect("undone");
        }
        store.close().await;
        drop((access, store));

        let store = Store::open(&location, district()).await.expect("the same store, brought up to date");
        let access = Access::open(store, Clock::manual(START_MS)).await.expect("access");
        let account = access.account("of-before").await.expect("read").expect("still there");
        assert_eq!(account.lots, OwnLots::All);
    })
    .await;
}
