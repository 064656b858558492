//! The sheet that a beacon is printed on, as SVG and PDF at true size: modules as large as the survey's height and camera need.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules round a code (ISO/IEC 18004).
const BORDER_MODULES: i32 = 4;
/// Pixels that a module needs across: two would do without blur, the third is for tilt and noise.
const PIXELS_PER_MODULE: f64 = 3.0;
/// The strip of text below the code, in modules.
const TEXT_MODULES: i32 = 5;
/// Sheets beyond this are not printed: the longest side of a PDF page is 14400 points (ISO 32000-1, annex C).
const SIDE_MM_MAX: f64 = 5_000.0;
/// Points in a millimetre.
const POINTS_PER_MM: f64 = 72.0 / 25.4;

/// The code that a text is printed as: a quarter of it may be dirty or torn and it is still read. `None` for a text that fits into none.
pub(crate) fn code(text: &str) -> Option<QrCode> {
    QrCode::encode_text(text, QrCodeEcc::Quartile).ok()
}

/// The height and camera that a sheet is made for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sight {
    /// Height above the ground, metres.
    pub height_m: f64,
    /// Pixels across the picture.
    pub across_pixels: f64,
    /// Field of view across, degrees.
    pub across_deg: f64,
}

/// Why there is no sheet.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SheetError {
    /// A figure that no camera has.
    #[error("{0} must be a positive number in its range")]
    Figure(&'static str),
    /// A text that does not fit into a code.
    #[error("the text is too long for a code")]
    TooLong,
    /// Larger than can be printed.
    #[error("the sheet would be {0:.0} mm wide; at most {SIDE_MM_MAX} are printed: fly lower or use a longer lens")]
    TooLarge(f64),
}

/// A code with its size and the line below it.
#[derive(Clone)]
pub struct Sheet {
    code: QrCode,
    caption: String,
    module_mm: f64,
}

impl Sheet {
    /// Lays out a beacon's text for a height and a camera.
    pub fn new(text: &str, area: &str, sight: Sight) -> Result<Self, SheetError> {
        let figures = [
            ("height", sight.height_m, 200.0),
            ("pixels", sight.across_pixels, 100_000.0),
            ("field of view", sight.across_deg, 170.0),
        ];
        if let Some((name, _, _)) = figures.iter().find(|(_, value, most)| !(*value > 0.0 && value <= most)) {
            return Err(SheetError::Figure(name));
        }
        let code = code(text).ok_or(SheetError::TooLong)?;
        let pixel_mm = 2_000.0 * sight.height_m * (sight.across_deg.to_radians() / 2.0).tan() / sight.across_pixels;
        // Whole millimetres, so that a ruler can check the print.
        let module_mm = (pixel_mm * PIXELS_PER_MODULE).ceil();
        let caption = format!(
            "{area} - module {module_mm} mm - for {} m, {} px, {} deg",
            sight.height_m, sight.across_pixels, sight.across_deg
        );
        let sheet = Self { code, caption, module_mm };
        let side = sheet.width_mm().max(sheet.height_mm());
        if side > SIDE_MM_MAX { Err(SheetError::TooLarge(side)) } else { Ok(sheet) }
    }

    /// The side of a module, millimetres.
    pub fn module_mm(&self) -> f64 {
        self.module_mm
    }

    /// Across, millimetres.
    pub fn width_mm(&self) -> f64 {
        f64::from(self.code.size() + 2 * BORDER_MODULES) * self.module_mm
    }

    /// Down, millimetres.
    pub fn height_mm(&self) -> f64 {
        f64::from(self.code.size() + 2 * BORDER_MODULES + TEXT_MODULES) * self.module_mm
    }

    /// Modules across with the border.
    pub fn modules(&self) -> usize {
        (self.code.size() + 2 * BORDER_MODULES) as usize
    }

    /// Whether a module is dark, counted from the sheet's top left corner.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        let inner = |at: usize| i32::try_from(at).map_or(-1, |at| at - BORDER_MODULES);
        self.code.get_module(inner(column), inner(row))
    }

    /// Dark runs: column, row, length, in modules from the sheet's top left corner.
    fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for row in 0..self.modules() {
            for column in (0..self.modules()).filter(|column| self.is_dark(*column, row)) {
                match runs.last_mut() {
                    Some((start, at, length)) if *at == row && *start + *length == column => *length += 1,
                    Some(_) | None => runs.push((column, row, 1)),
                }
            }
        }
        runs
    }

    /// Capital letters are about 0.6 of the size wide; the caption takes the code's width at most.
    fn text_mm(&self) -> f64 {
        (self.width_mm() * 0.9 / (0.6 * self.caption.len() as f64)).min(self.module_mm * 3.0)
    }

    /// The sheet as SVG at true size.
    pub fn svg(&self) -> String {
        let (width, height, module) = (self.width_mm(), self.height_mm(), self.module_mm);
        let mut path = String::new();
        for (column, row, length) in self.runs() {
            let (x, y, run) = (column as f64 * module, row as f64 * module, length as f64 * module);
            // Writing into a String cannot fail.
            let _ = write!(path, "M{x} {y}h{run}v{module}h-{run}z");
        }
        let (middle, base, size) = (width / 2.0, height - module * 2.0, self.text_mm());
        let caption = &self.caption;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\">\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\" shape-rendering=\"crispEdges\"/>\
             <text x=\"{middle}\" y=\"{base}\" font-family=\"sans-serif\" font-size=\"{size:.2}\" text-anchor=\"middle\">{caption}</text></svg>\n"
        )
    }

    /// The sheet as a PDF page at true size (ISO 32000-1).
    pub fn pdf(&self) -> Vec<u8> {
        pdf(std::slice::from_ref(self))
    }

    /// What is drawn on its page, and how large that is, points.
    fn page(&self) -> (f64, f64, String) {
        let (width, height) = (self.width_mm() * POINTS_PER_MM, self.height_mm() * POINTS_PER_MM);
        let module = self.module_mm * POINTS_PER_MM;
        let mut drawing = String::from("0 g\n");
        for (column, row, length) in self.runs() {
            let (x, y) = (column as f64 * module, height - (row as f64 + 1.0) * module);
            let _ = writeln!(drawing, "{x:.3} {y:.3} {:.3} {module:.3} re", length as f64 * module);
        }
        let size = self.text_mm() * POINTS_PER_MM;
        let _ = write!(drawing, "f\nBT /F1 {size:.2} Tf {:.2} {:.2} Td ({}) Tj ET\n", width * 0.05, module * 2.0, self.caption);
        (width, height, drawing)
    }
}

/// Several sheets as one PDF, a page each at true size (ISO 32000-1).
pub fn pdf(sheets: &[Sheet]) -> Vec<u8> {
    /// Catalogue, list of pages and font come first; then two objects for each page.
    const BEFORE_PAGES: usize = 3;
    let page_number = |at: usize| BEFORE_PAGES + 1 + 2 * at;
    let kids: Vec<String> = (0..sheets.len()).map(|at| format!("{} 0 R", page_number(at))).collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Kids[{}]/Count {}>>", kids.join(" "), sheets.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    for (at, sheet) in sheets.iter().enumerate() {
        let (width, height, drawing) = sheet.page();
        let contents = page_number(at) + 1;
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:.3} {height:.3}]/Contents {contents} 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
        ));
        objects.push(format!("<</Length {}>>\nstream\n{drawing}endstream", drawing.len()));
    }
    assemble(&objects)
}

/// Objects, then the table of where each begins.
fn assemble(objects: &[String]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(file.len());
        let _ = writeln!(file, "{} 0 obj\n{object}\nendobj", at + 1);
    }
    let table = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(file, "{place:010} 00000 n ");
    }
    let _ = write!(file, "trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}
