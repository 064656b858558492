//! The driver: libFuzzer, which brings `main`, calls it with each input it makes up; the environment names the target.
#![no_main]
#![allow(unsafe_code, reason = "the runtime is C++: it calls a symbol by name, and hands over an address and a length")]

use std::path::Path;
use std::sync::OnceLock;

/// Names the target.
const TARGET: &str = "FUZZ_TARGET";
/// Names a folder for the seeds: then they are written, the targets listed, and nothing else is done.
const SEEDS: &str = "FUZZ_SEEDS";

/// What the runtime calls first.
#[unsafe(no_mangle)]
pub extern "C" fn LLVMFuzzerInitialize(_count: *mut i32, _arguments: *mut *mut *mut u8) -> i32 {
    let Some(folder) = std::env::var_os(SEEDS) else { return 0 };
    std::process::exit(match write_seeds(Path::new(&folder)) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("could not write the seeds to {}: {error}", Path::new(&folder).display());
            1
        }
    })
}

/// One folder for each target; prints the targets with the inputs of their brief runs.
fn write_seeds(folder: &Path) -> std::io::Result<()> {
    for target in fuzz::TARGETS {
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (index, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index:03}")), seed)?;
        }
        println!("{} {}", target.name, target.brief_runs);
    }
    Ok(())
}

/// One input. A panic ends the process, so that the runtime keeps the input that made it.
///
/// # Safety
/// `data` points to `length` bytes that nobody changes meanwhile, as the runtime promises (llvm.org/docs/LibFuzzer.html).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, length: usize) -> i32 {
    static RUN: OnceLock<fn(&[u8])> = OnceLock::new();
    let run = RUN.get_or_init(chosen);
    // SAFETY: by the promise above; an empty input may come without an address.
    let bytes = if length == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data, length) } };
    run(bytes);
    0
}

fn chosen() -> fn(&[u8]) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        before(panic);
        std::process::abort();
    }));
    let name = std::env::var(TARGET).unwrap_or_default();
    fuzz::target(&name).unwrap_or_else(|| panic!("{TARGET} names no target: {name:?}")).run
}
