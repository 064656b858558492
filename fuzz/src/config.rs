//! The server's configuration file.

use orchestrator::config::Config;

/// A configuration that is taken is the same again when it is written and read.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Config::parse(text, "server.toml") {
        Ok(config) => {
            let written = toml::to_string(&config).expect("a configuration is plain data");
            assert_eq!(Config::parse(&written, "server.toml").expect("what is written reads back"), config);
        }
        Err(error) => assert!(error.to_string().starts_with("server.toml: "), "{error}"),
    }
}

/// The configurations that are shipped.
pub fn seeds() -> Vec<Vec<u8>> {
    [include_str!("../../configs/demo.toml"), include_str!("../../configs/dev.toml")].map(|text| text.as_bytes().to_vec()).to_vec()
}
