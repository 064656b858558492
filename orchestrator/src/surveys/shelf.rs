//! Pictures of surveys on the disk, and beside them what each showed: written before it counts, so that a restart goes on with them.
//!
//! `SURVEY/000001.jpg` are pictures, `SURVEY/sightings.jsonl` a line for each. When the report is in the log the pictures go that no finding
//! points to. The lines stay: they are the film of the survey, of the latest surveys at least.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use flight_types::SurveyId;
use survey_findings::{Picture, Point};

const SIGHTINGS: &str = "sightings.jsonl";
/// A line of sightings beyond this is damage, bytes: a picture of hundreds of codes and bays stays far below.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Surveys whose films are kept, the latest of all lots; a film is some megabytes at most.
const FILMS_MAX: usize = 200;

/// The pictures of one survey.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    lines: Option<File>,
    count: usize,
}

impl Shelf {
    /// Opens a survey's shelf and reads what is on it; a line that was cut off by a crash did not count and is left out.
    pub fn open(folder: &Path, survey: &SurveyId) -> io::Result<(Self, Vec<(Picture, Point)>)> {
        let folder = folder.join(survey.as_str());
        fs::create_dir_all(&folder)?;
        let path = folder.join(SIGHTINGS);
        let known = match File::open(&path) {
            Ok(file) => lines(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        rewrite(&path, &known)?;
        let lines = OpenOptions::new().append(true).create(true).open(&path)?;
        Ok((Self { folder, lines: Some(lines), count: known.len() }, known))
    }

    /// The name that the next picture gets.
    pub fn next_name(&self, survey: &SurveyId) -> String {
        format!("{survey}/{:06}", self.count + 1)
    }

    /// Keeps a picture that counts, and what it showed. Durable when this returns.
    pub fn keep(&mut self, jpeg: &[u8], picture: &Picture, middle: &Point) -> io::Result<()> {
        let Some(name) = picture.id.rsplit('/').next() else { return Ok(()) };
        let mut file = File::create(self.folder.join(format!("{name}.jpg")))?;
        file.write_all(jpeg)?;
        file.sync_data()?;
        let mut line = serde_json::to_vec(&(picture, middle)).map_err(io::Error::other)?;
        line.push(b'\n');
        if let Some(lines) = &mut self.lines {
            lines.write_all(&line)?;
            lines.sync_data()?;
        }
        self.count += 1;
        Ok(())
    }

    /// The report is in the log: of the pictures only those that it points to stay. The oldest films give way.
    pub fn close(mut self, wanted: &BTreeSet<String>) -> io::Result<()> {
        self.lines = None;
        for file in fs::read_dir(&self.folder)? {
            let path = file?.path();
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_some_and(|kind| kind == "jpg") && !wanted.contains(&name) {
                fs::remove_file(&path)?;
            }
        }
        match self.folder.parent() {
            Some(folder) => forget_old_films(folder, FILMS_MAX),
            None => Ok(()),
        }
    }
}

/// Surveys are numbered in the order in which they were asked for, so that the names' order is that of time.
fn forget_old_films(folder: &Path, kept: usize) -> io::Result<()> {
    let mut films: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|survey| survey.path().join(SIGHTINGS)).collect();
    films.retain(|film| film.is_file());
    films.sort();
    for film in films.iter().rev().skip(kept) {
        fs::remove_file(film)?;
        // Refused while pictures are in it.
        let _ = film.parent().map(fs::remove_dir);
    }
    Ok(())
}

/// A survey's pictures and where each was taken, whether it goes on or is over; none when its film is not kept any more.
pub fn sightings(folder: &Path, survey: &SurveyId) -> io::Result<Vec<(Picture, Point)>> {
    match File::open(folder.join(survey.as_str()).join(SIGHTINGS)) {
        Ok(file) => Ok(lines(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn lines(file: File) -> Vec<(Picture, Point)> {
    let short = |line: &String| line.len() <= LINE_BYTES_MAX;
    let read = BufReader::new(file).lines().map_while(Result::ok).filter(short);
    read.map_while(|line| serde_json::from_str(&line).ok()).collect()
}

/// What follows a damaged line would be read as part of it.
fn rewrite(path: &Path, known: &[(Picture, Point)]) -> io::Result<()> {
    let mut text = Vec::new();
    for line in known {
        serde_json::to_writer(&mut text, line).map_err(io::Error::other)?;
        text.push(b'\n');
    }
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(beside, path)
}

/// Where a picture lies; `None` for names that are none of ours.
pub fn picture_file(folder: &Path, survey: &SurveyId, picture: &str) -> Option<PathBuf> {
    let plain = picture.len() <= 12 && !picture.is_empty() && picture.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| folder.join(survey.as_str()).join(format!("{picture}.jpg")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(id: &str) -> Picture {
        Picture { id: id.to_owned(), taken_ms: 1, looked_at: vec!["A1".to_owned()], codes: Vec::new(), bays: Vec::new() }
    }

    #[test]
    fn what_was_kept_is_there_after_a_crash_and_what_was_cut_off_is_not() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let survey = SurveyId::new("survey-000007").expect("an id");
        let (mut shelf, known) = Shelf::open(folder.path(), &survey)?;
        assert!(known.is_empty());
        for _ in 0..2 {
            let name = shelf.next_name(&survey);
            shelf.keep(b"jpeg", &picture(&name), &Point::default())?;
        }
        drop(shelf);
        let path = folder.path().join("survey-000007").join(SIGHTINGS);
        let mut text = fs::read(&path)?;
        text.extend(b"[{\"id\":\"survey-000007/0000");
        fs::write(&path, text)?;
        let (shelf, known) = Shelf::open(folder.path(), &survey)?;
        assert_eq!(known.len(), 2);
        assert_eq!(shelf.next_name(&survey), "survey-000007/000003");
        shelf.close(&BTreeSet::from(["000002".to_owned()]))?;
        assert!(picture_file(folder.path(), &survey, "000002").is_some_and(|path| path.is_file()));
        assert!(picture_file(folder.path(), &survey, "000001").is_some_and(|path| !path.exists()));
        assert_eq!(sightings(folder.path(), &survey)?.len(), 2, "the film stays");
        assert!(picture_file(folder.path(), &survey, "../000002").is_none() && picture_file(folder.path(), &survey, "").is_none());
        Ok(())
    }

    #[test]
    fn the_oldest_films_give_way_and_their_pictures_stay() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let survey = |number: usize| SurveyId::new(format!("survey-{number:06}")).expect("an id");
        for number in [9, 10, 11] {
            let (mut shelf, _) = Shelf::open(folder.path(), &survey(number))?;
            let name = shelf.next_name(&survey(number));
            shelf.keep(b"jpeg", &picture(&name), &Point::default())?;
            shelf.close(&BTreeSet::from_iter((number == 9).then(|| "000001".to_owned())))?;
        }
        forget_old_films(folder.path(), 1)?;
        let films: Vec<usize> = [9, 10, 11]
            .into_iter()
            .filter(|number| sightings(folder.path(), &survey(*number)).is_ok_and(|film| !film.is_empty()))
            .collect();
        assert_eq!(films, [11]);
        assert!(picture_file(folder.path(), &survey(9), "000001").is_some_and(|path| path.is_file()));
        assert!(!folder.path().join("survey-000010").exists(), "nothing is left of it");
        Ok(())
    }
}
