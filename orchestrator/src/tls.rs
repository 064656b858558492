//! Certificates: the site's own, or one that the server makes for itself and keeps.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use axum_server::tls_rustls::RustlsConfig;

/// Where the server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// PEM files of the site.
    Files {
        /// The chain, own certificate first.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// Made once and kept in the folder; browsers warn until the site's people have been told to trust it.
    SelfMade {
        /// The data folder.
        folder: PathBuf,
        /// Names and addresses the server is reached by.
        names: Vec<String>,
    },
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A name cannot stand in a certificate.
    #[error("the server's own certificate could not be made")]
    Make(#[from] rcgen::Error),
}

impl Certificate {
    /// Ready for serving.
    pub async fn load(&self) -> Result<RustlsConfig, TlsError> {
        // Only the first of several libraries that want to set it may; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (certificate, key) = match self {
            Self::Files { certificate, key } => (certificate.clone(), key.clone()),
            Self::SelfMade { folder, names } => self_made(folder, names)?,
        };
        let loaded = RustlsConfig::from_pem_file(&certificate, &key).await;
        loaded.map_err(|source| TlsError::File { path: certificate, source })
    }
}

fn self_made(folder: &Path, names: &[String]) -> Result<(PathBuf, PathBuf), TlsError> {
    let (certificate, key) = (folder.join("tls-certificate.pem"), folder.join("tls-key.pem"));
    if certificate.exists() && key.exists() {
        return Ok((certificate, key));
    }
    let names =
        if names.is_empty() { vec!["localhost".to_owned(), IpAddr::from([127, 0, 0, 1]).to_string()] } else { names.to_vec() };
    let made = rcgen::generate_simple_self_signed(names)?;
    write_private(&key, &made.signing_key.serialize_pem())?;
    std::fs::write(&certificate, made.cert.pem()).map_err(|source| TlsError::File { path: certificate.clone(), source })?;
    Ok((certificate, key))
}

/// Readable by the server's user only, from its first byte.
fn write_private(path: &Path, text: &str) -> Result<(), TlsError> {
    use std::io::Write;
    let mut options = std::fs::File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| TlsError::File { path: path.to_owned(), source })
}
