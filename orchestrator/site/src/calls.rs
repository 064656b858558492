//! Dispatch records of a fire department, as the city of San Francisco publishes them (DataSF "Fire Department Calls for Service"):
//! which unit was sent where, when, and how long it took. For replaying real calls; nothing else reads them.

use flight_types::GeoPoint;

/// Columns that are read; a file may have more.
const COLUMNS: [&str; 6] = ["CallNumber", "UnitID", "AvailableDtTm", "Location", "Delay", "CallDate"];

/// Records at most: a replay of more is another program.
const RECORDS_MAX: usize = 1_000_000;

/// One unit sent to one call.
#[derive(Debug, Clone, PartialEq)]
pub struct DispatchRecord {
    /// The call.
    pub call_number: String,
    /// The unit sent.
    pub unit: String,
    /// The day of the call, seconds from 1970-01-01 to its midnight in the city's own time.
    pub day_s: i64,
    /// When the unit was free again, on the same scale; some records leave it out.
    pub available_s: Option<i64>,
    /// Where help was needed.
    pub point: GeoPoint,
    /// Minutes from the call to the unit's arrival, as the data gives it.
    pub delay_min: f64,
}

/// Why a file of records could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallsError {
    /// A column that is read is not there.
    #[error("line 1: the column {0:?} is missing")]
    Column(&'static str),
    /// A line with a field that cannot be read.
    #[error("line {line}: {column}: {found:?} is not {wanted}")]
    Field {
        /// From 1.
        line: usize,
        /// Which column.
        column: &'static str,
        /// What it holds.
        found: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// A line with fewer fields than the first.
    #[error("line {line}: {found} fields, the first line has {wanted}")]
    Short {
        /// From 1.
        line: usize,
        /// Fields there are.
        found: usize,
        /// Fields there should be.
        wanted: usize,
    },
    /// Beyond the bound.
    #[error("more than {RECORDS_MAX} records")]
    TooMany,
}

/// Reads a CSV file of records, in the file's order.
pub fn parse_calls(text: &str) -> Result<Vec<DispatchRecord>, CallsError> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().map(|(_, line)| fields(line.trim_start_matches('\u{feff}'))).unwrap_or_default();
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = header.iter().position(|name| name == column).ok_or(CallsError::Column(column))?;
    }
    let mut records = Vec::new();
    for (index, line) in lines {
        let fields = fields(line);
        if fields.len() < header.len() {
            return Err(CallsError::Short { line: index + 1, found: fields.len(), wanted: header.len() });
        }
        if records.len() == RECORDS_MAX {
            return Err(CallsError::TooMany);
        }
        records.push(record(index + 1, places.map(|place| fields[place].as_str()))?);
    }
    Ok(records)
}

fn record(line: usize, [call, unit, available, location, delay, date]: [&str; 6]) -> Result<DispatchRecord, CallsError> {
    let wrong =
        |column: usize, found: &str, wanted| CallsError::Field { line, column: COLUMNS[column], found: found.to_owned(), wanted };
    for (column, text) in [(0, call), (1, unit)] {
        if text.is_empty() {
            return Err(wrong(column, text, "a name"));
        }
    }
    let available_s = match available {
        "null" | "" => None,
        text => Some(time_s(text).ok_or_else(|| wrong(2, text, "MM/DD/YYYY HH:MM:SS AM or PM"))?),
    };
    Ok(DispatchRecord {
        call_number: call.to_owned(),
        unit: unit.to_owned(),
        day_s: day_s(date).ok_or_else(|| wrong(5, date, "YYYY-MM-DD"))?,
        available_s,
        point: point(location).ok_or_else(|| wrong(3, location, "(latitude, longitude)"))?,
        delay_min: minutes(delay).ok_or_else(|| wrong(4, delay, "minutes of zero or more"))?,
    })
}

/// Fields of a line; a quoted field may hold commas, and a doubled quote inside it is a quote.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().expect("there is always a field");
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                field.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

fn point(text: &str) -> Option<GeoPoint> {
    let (lat, lon) = text.trim().strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
    GeoPoint::new(lat.trim().parse().ok()?, lon.trim().parse().ok()?).ok()
}

fn minutes(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|minutes| minutes.is_finite() && *minutes >= 0.0)
}

/// "01/11/2002 01:51:44 AM" as seconds since 1970-01-01, without any time zone.
fn time_s(text: &str) -> Option<i64> {
    let mut parts = text.split_whitespace();
    let (date, time, half) = (parts.next()?, parts.next()?, parts.next()?);
    let [month, day, year] = numbers(date, '/')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let on_clock = (1..=12).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    if !is_date(year, month, day) || !on_clock || parts.next().is_some() {
        return None;
    }
    let afternoon = match half {
        "AM" => 0,
        "PM" => 12,
        _ => return None,
    };
    Some(((days(year, month, day) * 24 + hour % 12 + afternoon) * 60 + minute) * 60 + second)
}

/// "2002-01-11" as seconds since 1970-01-01.
fn day_s(text: &str) -> Option<i64> {
    let [year, month, day] = numbers(text, '-')?;
    is_date(year, month, day).then(|| days(year, month, day) * 86_400)
}

fn is_date(year: i64, month: i64, day: i64) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day) && (1..=9_999).contains(&year)
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut numbers = text.split(between).map(|part| part.parse::<i64>().ok());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

/// Days since 1970-01-01 of a day in the Gregorian calendar. Years are taken to begin in March, so that a leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 306 days lie between 1 March of the year before 1 and 1 January of year 1, and 719,162 between that and 1970.
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 306 - 719_162
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shared_data::shared_file;

    const HEADER: &str = "CallNumber,UnitID,Address,AvailableDtTm,Location,Delay,CallDate";

    #[test]
    fn a_record_is_read_whole() {
        let line = r#"20110016,T13,"2000 ""Block"", CALIFORNIA",01/11/2002 01:51:44 PM,"(37.78, -122.42)",2.95,2002-01-11"#;
        let records = parse_calls(&format!("{HEADER}\n{line}\n")).expect("one record");
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!((record.call_number.as_str(), record.unit.as_str(), record.delay_min), ("20110016", "T13", 2.95));
        // 2002-01-11 is day 11,698 since 1970.
        assert_eq!(record.day_s, 11_698 * 86_400);
        assert_eq!(record.available_s, Some(11_698 * 86_400 + 13 * 3_600 + 51 * 60 + 44));
        assert_eq!(time_s("02/29/2000 12:00:00 AM"), Some(951_782_400));
    }

    #[test]
    fn a_wrong_field_is_named_with_its_line() {
        for (text, said) in [
            ("".to_owned(), "CallNumber"),
            ("CallNumber,UnitID".to_owned(), "AvailableDtTm"),
            (format!("{HEADER}\n1,2"), "line 2: 2 fields"),
            (format!("{HEADER}\n1,T1,a,13/01/2002 01:00:00 AM,\"(1, 2)\",1,2002-01-11"), "line 2: AvailableDtTm"),
            (format!("{HEADER}\n1,T1,a,01/01/2002 01:00:00 AM,\"(NaN, 2)\",1,2002-01-11"), "line 2: Location"),
            (format!("{HEADER}\n\n1,T1,a,01/01/2002 01:00:00 AM,\"(97, 2)\",1,2002-01-11"), "line 3: Location"),
            (format!("{HEADER}\n1,T1,a,01/01/2002 01:00:00 AM,\"(1, 2)\",-1,2002-01-11"), "line 2: Delay"),
            (format!("{HEADER}\n,T1,a,01/01/2002 01:00:00 AM,\"(1, 2)\",1,2002-01-11"), "line 2: CallNumber"),
            (format!("{HEADER}\n1,T1,a,null,\"(1, 2)\",1,2002-13-11"), "line 2: CallDate"),
        ] {
            let error = parse_calls(&text).expect_err(&text).to_string();
            assert!(error.contains(said), "{said} is missing in {error}");
        }
    }

    #[test]
    fn the_real_records_are_read() {
        let Some(path) = shared_file("calls/sf_fire_calls_300.csv") else { return };
        let records = parse_calls(&std::fs::read_to_string(path).expect("readable")).expect("real records");
        assert_eq!(records.len(), 300);
        assert!(records.iter().all(|record| (37.6..37.9).contains(&record.point.lat_deg())));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>(), tail in "[0-9/:APM, ().\"-]{0,80}") {
            let _ = parse_calls(&text);
            let _ = parse_calls(&format!("{HEADER}\n{tail}"));
        }
    }
}
