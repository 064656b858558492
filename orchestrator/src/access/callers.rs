//! Callers: registration, terminals, phone check, export, deletion.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dispatch_core::event::{CodeVerdict, GeocodedAddress, Role};
use flight_types::{AccountId, CallerId, GeoPoint};
use serde::Serialize;
use sqlx::AnyConnection;
use sqlx::Row;
use sqlx::any::AnyRow;
use utoipa::ToSchema;

use super::accounts::check_name;
use super::codes::IdentificationCode;
use super::passwords::CodePair;
use super::secrets::{Token, digest, random_digits, random_name};
use super::tokens::{NewDevice, insert_token};
use super::{Access, AccessError, Owner};

/// Digits of a code that the server makes.
const CODE_DIGITS: usize = 6;
/// Fewest and most digits of a code that a caller chooses.
const CODE_DIGITS_MIN: usize = 4;
const CODE_DIGITS_MAX: usize = 8;
/// How long a one-time code is good, milliseconds: a text message may take minutes.
const PHONE_CHECK_VALID_MS: i64 = 10 * 60_000;
/// Tries on one one-time code; with six digits a guesser has five in a million.
const PHONE_CHECK_TRIES: i64 = 5;
/// A new one-time code can be asked for after this, milliseconds: most messages arrive within a minute.
pub const PHONE_CODE_PAUSE_MS: i64 = 60_000;
/// One-time codes sent to one caller in a day, the first included; with five tries each a guesser has 25 in a million.
const PHONE_CODES_MAX: i64 = 5;
/// The day of [`PHONE_CODES_MAX`], milliseconds.
const PHONE_CODES_PERIOD_MS: i64 = 24 * 3_600_000;
/// New identification codes drawn before giving up; a single collision is already one in thousands of millions.
const CODE_DRAWS_MAX: usize = 5;
/// Longest address, characters.
pub const ADDRESS_LENGTH_MAX: usize = 300;
/// Cards kept in memory; a district has fewer callers than this with an open incident. Past it the memory starts afresh.
const CARDS_MAX: usize = 10_000;

/// Somebody to tell when the caller is in trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
pub struct Contact {
    /// Their name.
    pub name: String,
    /// Their telephone number.
    pub phone: String,
}

/// A home address with its place as found at registration.
pub type HomeAddress = GeocodedAddress;

/// A caller to be registered. Everything was typed by them.
#[derive(Debug, Clone)]
pub struct NewCaller {
    /// Their name.
    pub name: String,
    /// Their telephone number.
    pub phone: String,
    /// Their home.
    pub home: Option<HomeAddress>,
    /// Whom to tell.
    pub contact: Option<Contact>,
    /// The code that says: I am safe. Made by the server when absent.
    pub safe_code: Option<String>,
    /// The code that says: somebody forces me. Made by the server when absent.
    pub duress_code: Option<String>,
    /// "ko" or "en".
    pub language: String,
    /// What they recognise this terminal by.
    pub device: String,
}

/// A new one-time code, and where to send it.
pub struct RenewedCode {
    /// The code, in the clear.
    pub code: String,
    /// To which telephone.
    pub phone: String,
    /// "ko" or "en".
    pub language: String,
}

/// What a new caller is told, once.
#[derive(Clone)]
pub struct Registered {
    /// Which caller they are now.
    pub caller: CallerId,
    /// The code they are found by.
    pub identification_code: IdentificationCode,
    /// Their terminal's secret.
    pub token: Token,
    /// The code that says: I am safe.
    pub safe_code: String,
    /// The code that says: somebody forces me.
    pub duress_code: String,
    /// To be sent to their phone.
    pub phone_code: String,
}

/// What others see of a caller during an incident.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallerCard {
    /// Which.
    #[schema(value_type = String)]
    pub id: CallerId,
    /// Their name.
    pub name: String,
    /// Their telephone number.
    pub phone: String,
    /// The code they are found by.
    pub identification_code: String,
    #[serde(skip)]
    home: Option<HomeAddress>,
    #[serde(skip)]
    contact: Option<Contact>,
    #[serde(skip)]
    language: String,
}

impl CallerCard {
    /// Their home, for a call without any other place.
    pub fn home(&self) -> Option<&HomeAddress> {
        self.home.as_ref()
    }

    /// Whom to tell.
    pub fn contact(&self) -> Option<&Contact> {
        self.contact.as_ref()
    }

    /// "ko" or "en".
    pub fn language(&self) -> &str {
        &self.language
    }
}

/// Whose identification code it is.
pub type CodeOwner = CallerCard;

/// Everything stored about a caller, for themselves.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallerDocument {
    /// Which.
    #[schema(value_type = String)]
    pub id: CallerId,
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: String,
    /// The code they are found by.
    pub identification_code: String,
    /// "ko" or "en".
    pub language: String,
    /// Home, as typed, with the place found for it.
    pub home_address: Option<HomeAddress>,
    /// Whom to tell.
    pub emergency_contact: Option<Contact>,
    /// When they agreed to the processing of these data.
    pub consent_at_ms: i64,
    /// When they registered.
    pub created_at_ms: i64,
    /// When they proved to hold the phone.
    pub phone_checked_at_ms: Option<i64>,
}

/// Cards read lately: every fan-out of an incident shows one.
#[derive(Debug, Clone, Default)]
pub(super) struct Cards(Arc<Mutex<BTreeMap<CallerId, CallerCard>>>);

impl Cards {
    fn get(&self, id: &CallerId) -> Option<CallerCard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, card: &CallerCard) {
        let mut cards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cards.len() >= CARDS_MAX {
            cards.clear();
        }
        cards.insert(card.id.clone(), card.clone());
    }

    fn forget(&self, id: &CallerId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

impl Access {
    /// Registers a caller who has consented, with a first terminal.
    pub async fn register_caller(&self, new: NewCaller) -> Result<Registered, AccessError> {
        check_new(&new)?;
        let safe_code = chosen_or_random(new.safe_code.clone(), None)?;
        let duress_code = chosen_or_random(new.duress_code.clone(), Some(&safe_code))?;
        let pair =
            CodePair { safe_hash: self.passwords.hash(&safe_code).await?, duress_hash: self.passwords.hash(&duress_code).await? };
        let caller = CallerId::new(random_name("c")?).map_err(|error| AccessError::Crypto(error.to_string()))?;
        let (token, phone_code, now_ms) = (Token::random()?, random_digits(CODE_DIGITS)?, self.now_ms());
        let mut writing = self.store.write().await?;
        let identification_code = insert_caller(writing.connection(), &caller, &pair, now_ms).await?;
        insert_details(writing.connection(), &caller, &new).await?;
        let device = NewDevice { owner: caller.as_str(), role: Role::Caller, name: &new.device };
        insert_token(writing.connection(), &token, &device, now_ms).await?;
        insert_phone_check(writing.connection(), &caller, &phone_code, now_ms).await?;
        writing.commit().await?;
        Ok(Registered { caller, identification_code, token, safe_code, duress_code, phone_code })
    }

    /// What a typed code is, for this caller.
    pub async fn code_verdict(&self, caller: &CallerId, code: &str) -> Result<CodeVerdict, AccessError> {
        let row = sqlx::query("SELECT safe_code_hash, duress_code_hash FROM callers WHERE id = $1")
            .bind(caller.as_str())
            .fetch_optional(self.store.pool())
            .await?;
        let row = row.ok_or_else(|| AccessError::Missing { what: "caller", id: caller.to_string() })?;
        let pair = CodePair { safe_hash: row.try_get("safe_code_hash")?, duress_hash: row.try_get("duress_code_hash")? };
        self.passwords.verdict(&bounded_code(code), &pair).await
    }

    /// Moves a caller to a new phone: the old terminals' tokens end.
    /// `device` is what the new one is recognised by.
    pub async fn replace_terminal(
        &self,
        identification_code: &str,
        safe_code: &str,
        device: &str,
    ) -> Result<(CallerId, Token), AccessError> {
        let code = IdentificationCode::parse(identification_code)?;
        let Some(owner) = self.by_code(&code).await? else {
            self.passwords.verify(&bounded_code(safe_code), None).await?;
            return Err(AccessError::Mismatch);
        };
        if self.code_verdict(&owner.id, safe_code).await? != CodeVerdict::Safe {
            return Err(AccessError::Mismatch);
        }
        let (token, now_ms) = (Token::random()?, self.now_ms());
        let mut writing = self.store.write().await?;
        revoke_terminals(writing.connection(), &owner.id, now_ms).await?;
        let device = NewDevice { owner: owner.id.as_str(), role: Role::Caller, name: device };
        insert_token(writing.connection(), &token, &device, now_ms).await?;
        writing.commit().await?;
        self.announce_caller_revoked(&owner.id);
        Ok((owner.id, token))
    }

    /// Makes a new one-time code for a phone that is not checked yet; the one before is no longer good. Refused when the last one was
    /// sent a moment ago, or many today: messages cost money, and each new code gives a guesser new tries.
    pub async fn renew_phone_code(&self, caller: &CallerId) -> Result<RenewedCode, AccessError> {
        let missing = || AccessError::Missing { what: "caller", id: caller.to_string() };
        let card = self.caller_card(caller).await?.ok_or_else(missing)?;
        let (code, now_ms) = (random_digits(CODE_DIGITS)?, self.now_ms());
        let mut writing = self.store.write().await?;
        let renewed = sqlx::query(
            "UPDATE phone_checks SET code_hash = $2, expires_at_ms = $3, tries_left = $4, sent_at_ms = $5, \
             sends = CASE WHEN first_sent_at_ms <= $6 THEN 1 ELSE sends + 1 END, \
             first_sent_at_ms = CASE WHEN first_sent_at_ms <= $6 THEN $5 ELSE first_sent_at_ms END \
             WHERE caller = $1 AND sent_at_ms <= $7 AND (sends < $8 OR first_sent_at_ms <= $6)",
        )
        .bind(caller.as_str())
        .bind(phone_code_hash(caller, &code))
        .bind(now_ms + PHONE_CHECK_VALID_MS)
        .bind(PHONE_CHECK_TRIES)
        .bind(now_ms)
        .bind(now_ms - PHONE_CODES_PERIOD_MS)
        .bind(now_ms - PHONE_CODE_PAUSE_MS)
        .bind(PHONE_CODES_MAX)
        .execute(writing.connection())
        .await?;
        if renewed.rows_affected() == 0 {
            drop(writing);
            return Err(self.why_no_phone_code(caller, now_ms).await?);
        }
        writing.commit().await?;
        Ok(RenewedCode { code, phone: card.phone.clone(), language: card.language.clone() })
    }

    async fn why_no_phone_code(&self, caller: &CallerId, now_ms: i64) -> Result<AccessError, AccessError> {
        let row = sqlx::query("SELECT sent_at_ms, first_sent_at_ms, sends FROM phone_checks WHERE caller = $1")
            .bind(caller.as_str())
            .fetch_optional(self.store.pool())
            .await?;
        // The code is gone once it was entered.
        let Some(row) = row else { return Ok(AccessError::PhoneChecked) };
        let (sent_at_ms, first_sent_at_ms): (i64, i64) = (row.try_get("sent_at_ms")?, row.try_get("first_sent_at_ms")?);
        let used_up = row.try_get::<i64, _>("sends")? >= PHONE_CODES_MAX;
        let after_many_ms = if used_up { first_sent_at_ms + PHONE_CODES_PERIOD_MS } else { 0 };
        let wait_ms = (sent_at_ms + PHONE_CODE_PAUSE_MS).max(after_many_ms) - now_ms;
        Ok(AccessError::TooSoon { retry_after_s: u32::try_from(wait_ms.max(0)).unwrap_or(u32::MAX).div_ceil(1_000) })
    }

    /// Takes the one-time code that was sent to the caller's phone.
    pub async fn check_phone(&self, caller: &CallerId, code: &str) -> Result<(), AccessError> {
        let now_ms = self.now_ms();
        let mut writing = self.store.write().await?;
        // One statement takes the try, so that parallel guesses cannot share one; a wrong guess must be committed too.
        let taken = sqlx::query(
            "UPDATE phone_checks SET tries_left = tries_left - 1 WHERE caller = $1 AND tries_left > 0 AND expires_at_ms > $2",
        )
        .bind(caller.as_str())
        .bind(now_ms)
        .execute(writing.connection())
        .await?;
        if taken.rows_affected() == 0 {
            return Err(AccessError::CodeExpired);
        }
        let fits = sqlx::query("DELETE FROM phone_checks WHERE caller = $1 AND code_hash = $2")
            .bind(caller.as_str())
            .bind(phone_code_hash(caller, code))
            .execute(writing.connection())
            .await?;
        if fits.rows_affected() == 0 {
            writing.commit().await?;
            return Err(AccessError::Mismatch);
        }
        sqlx::query("UPDATE callers SET phone_checked_at_ms = $1 WHERE id = $2")
            .bind(now_ms)
            .bind(caller.as_str())
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        Ok(())
    }

    /// Whose identification code this is.
    pub async fn by_code(&self, code: &IdentificationCode) -> Result<Option<CodeOwner>, AccessError> {
        let row = sqlx::query("SELECT id FROM callers WHERE identification_code = $1 AND deleted_at_ms IS NULL")
            .bind(code.to_string())
            .fetch_optional(self.store.pool())
            .await?;
        match row {
            Some(row) => self.caller_card(&caller_id(&row, "id")?).await,
            None => Ok(None),
        }
    }

    /// What others may see of a caller; `None` when unknown or deleted.
    pub async fn caller_card(&self, id: &CallerId) -> Result<Option<CallerCard>, AccessError> {
        if let Some(card) = self.cards.get(id) {
            return Ok(Some(card));
        }
        let row = sqlx::query(
            "SELECT caller_details.*, callers.identification_code FROM callers JOIN caller_details ON caller_details.caller = callers.id \
             WHERE callers.id = $1 AND callers.deleted_at_ms IS NULL",
        )
        .bind(id.as_str())
        .fetch_optional(self.store.pool())
        .await?;
        let card = row.as_ref().map(card_of).transpose()?;
        if let Some(card) = &card {
            self.cards.keep(card);
        }
        Ok(card)
    }

    /// Everything stored about a caller.
    pub async fn export_caller(&self, id: &CallerId) -> Result<CallerDocument, AccessError> {
        let missing = || AccessError::Missing { what: "caller", id: id.to_string() };
        let card = self.caller_card(id).await?.ok_or_else(missing)?;
        let row = sqlx::query("SELECT consent_at_ms, created_at_ms, phone_checked_at_ms FROM callers WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(self.store.pool())
            .await?;
        Ok(CallerDocument {
            id: card.id,
            name: card.name,
            phone: card.phone,
            identification_code: card.identification_code,
            language: card.language,
            home_address: card.home,
            emergency_contact: card.contact,
            consent_at_ms: row.try_get("consent_at_ms")?,
            created_at_ms: row.try_get("created_at_ms")?,
            phone_checked_at_ms: row.try_get("phone_checked_at_ms")?,
        })
    }

    /// Forgets a caller. The bare id and the identification code stay as a tombstone.
    pub async fn forget_caller(&self, id: &CallerId) -> Result<(), AccessError> {
        let now_ms = self.now_ms();
        let mut writing = self.store.write().await?;
        revoke_terminals(writing.connection(), id, now_ms).await?;
        sqlx::query("DELETE FROM caller_details WHERE caller = $1").bind(id.as_str()).execute(writing.connection()).await?;
        sqlx::query("DELETE FROM phone_checks WHERE caller = $1").bind(id.as_str()).execute(writing.connection()).await?;
        sqlx::query("UPDATE callers SET deleted_at_ms = $1, safe_code_hash = '', duress_code_hash = '' WHERE id = $2")
            .bind(now_ms)
            .bind(id.as_str())
            .execute(writing.connection())
            .await?;
        writing.commit().await?;
        self.cards.forget(id);
        self.announce_caller_revoked(id);
        Ok(())
    }

    fn announce_caller_revoked(&self, caller: &CallerId) {
        if let Ok(id) = AccountId::new(caller.as_str()) {
            self.announce_revoked(Owner { id, is_caller: true });
        }
    }
}

async fn insert_caller(
    connection: &mut AnyConnection,
    caller: &CallerId,
    pair: &CodePair,
    now_ms: i64,
) -> Result<IdentificationCode, AccessError> {
    for _ in 0..CODE_DRAWS_MAX {
        let code = IdentificationCode::random()?;
        let inserted = sqlx::query(
            "INSERT INTO callers (id, identification_code, safe_code_hash, duress_code_hash, consent_at_ms, created_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (identification_code) DO NOTHING",
        )
        .bind(caller.as_str())
        .bind(code.to_string())
        .bind(&pair.safe_hash)
        .bind(&pair.duress_hash)
        .bind(now_ms)
        .execute(&mut *connection)
        .await?;
        if inserted.rows_affected() == 1 {
            return Ok(code);
        }
    }
    Err(AccessError::Crypto("no unused identification code found".to_owned()))
}

async fn insert_details(connection: &mut AnyConnection, caller: &CallerId, new: &NewCaller) -> Result<(), AccessError> {
    let place = new.home.as_ref().and_then(|home| home.point);
    sqlx::query(
        "INSERT INTO caller_details (caller, name, phone, language, home_address, home_lat_deg, home_lon_deg, home_accuracy_m, contact_name, contact_phone) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(caller.as_str())
    .bind(new.name.trim())
    .bind(new.phone.trim())
    .bind(new.language.as_str())
    .bind(new.home.as_ref().map(|home| home.text.clone()))
    .bind(place.map(|place| place.lat_deg()))
    .bind(place.map(|place| place.lon_deg()))
    .bind(new.home.as_ref().map(|home| home.accuracy_m))
    .bind(new.contact.as_ref().map(|contact| contact.name.clone()))
    .bind(new.contact.as_ref().map(|contact| contact.phone.clone()))
    .execute(&mut *connection)
    .await?;
    Ok(())
}

async fn insert_phone_check(connection: &mut AnyConnection, caller: &CallerId, code: &str, now_ms: i64) -> Result<(), AccessError> {
    sqlx::query(
        "INSERT INTO phone_checks (caller, code_hash, expires_at_ms, tries_left, sent_at_ms, first_sent_at_ms, sends) \
         VALUES ($1, $2, $3, $4, $5, $5, 1)",
    )
    .bind(caller.as_str())
    .bind(phone_code_hash(caller, code))
    .bind(now_ms + PHONE_CHECK_VALID_MS)
    .bind(PHONE_CHECK_TRIES)
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

async fn revoke_terminals(connection: &mut AnyConnection, caller: &CallerId, now_ms: i64) -> Result<(), AccessError> {
    sqlx::query("UPDATE device_tokens SET revoked_at_ms = $1 WHERE owner = $2 AND role = 'caller' AND revoked_at_ms IS NULL")
        .bind(now_ms)
        .bind(caller.as_str())
        .execute(&mut *connection)
        .await?;
    Ok(())
}

fn phone_code_hash(caller: &CallerId, code: &str) -> String {
    digest(&format!("{caller}:{}", code.trim()))
}

fn check_new(new: &NewCaller) -> Result<(), AccessError> {
    check_name("name", &new.name)?;
    check_phone_number("phone", &new.phone)?;
    if let Some(contact) = &new.contact {
        check_name("emergency_contact.name", &contact.name)?;
        check_phone_number("emergency_contact.phone", &contact.phone)?;
    }
    let (safe, duress) = (new.safe_code.as_deref(), new.duress_code.as_deref());
    check_code("safe_code", safe)?;
    check_code("duress_code", duress)?;
    if safe.is_some() && safe == duress {
        return Err(AccessError::Field { field: "duress_code", reason: "must differ from safe_code".to_owned() });
    }
    Ok(())
}

/// A telephone number as people write it (E.164 allows fifteen digits).
fn check_phone_number(field: &'static str, phone: &str) -> Result<(), AccessError> {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let only_number = phone.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    if only_number && (3..=15).contains(&digits) && phone.len() <= 30 {
        return Ok(());
    }
    Err(AccessError::Field { field, reason: "a telephone number has 3 to 15 digits, with + - ( ) and blanks between".to_owned() })
}

fn check_code(field: &'static str, code: Option<&str>) -> Result<(), AccessError> {
    let fine = code.is_none_or(|code| {
        (CODE_DIGITS_MIN..=CODE_DIGITS_MAX).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())
    });
    if fine {
        return Ok(());
    }
    Err(AccessError::Field { field, reason: format!("a code has {CODE_DIGITS_MIN} to {CODE_DIGITS_MAX} digits") })
}

/// The chosen code, or a random one that is not `taken`.
fn chosen_or_random(chosen: Option<String>, taken: Option<&str>) -> Result<String, AccessError> {
    if let Some(chosen) = chosen {
        return if Some(chosen.as_str()) == taken {
            Err(AccessError::Field { field: "duress_code", reason: "must differ from safe_code".to_owned() })
        } else {
            Ok(chosen)
        };
    }
    loop {
        let drawn = random_digits(CODE_DIGITS)?;
        if Some(drawn.as_str()) != taken {
            return Ok(drawn);
        }
    }
}

/// Longer input than any code is hashed as something that no code is.
fn bounded_code(code: &str) -> String {
    let code = code.trim();
    if code.len() <= CODE_DIGITS_MAX { code.to_owned() } else { String::new() }
}

fn caller_id(row: &AnyRow, column: &str) -> Result<CallerId, AccessError> {
    let id: String = row.try_get(column)?;
    CallerId::new(id).map_err(|error| AccessError::Damaged { what: "caller", detail: error.to_string() })
}

fn card_of(row: &AnyRow) -> Result<CallerCard, AccessError> {
    let (contact_name, contact_phone): (Option<String>, Option<String>) =
        (row.try_get("contact_name")?, row.try_get("contact_phone")?);
    let contact = contact_name.zip(contact_phone).map(|(name, phone)| Contact { name, phone });
    Ok(CallerCard {
        id: caller_id(row, "caller")?,
        name: row.try_get("name")?,
        phone: row.try_get("phone")?,
        identification_code: row.try_get("identification_code")?,
        home: home_of(row)?,
        contact,
        language: row.try_get("language")?,
    })
}

fn home_of(row: &AnyRow) -> Result<Option<HomeAddress>, AccessError> {
    let Some(text) = row.try_get::<Option<String>, _>("home_address")? else { return Ok(None) };
    let (lat_deg, lon_deg): (Option<f64>, Option<f64>) = (row.try_get("home_lat_deg")?, row.try_get("home_lon_deg")?);
    let point = lat_deg.zip(lon_deg).and_then(|(lat_deg, lon_deg)| GeoPoint::new(lat_deg, lon_deg).ok());
    let accuracy_m: Option<f64> = row.try_get("home_accuracy_m")?;
    Ok(Some(HomeAddress { text, point, accuracy_m: accuracy_m.unwrap_or_default() }))
}
