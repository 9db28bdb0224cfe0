//! How connections to the database use TLS, with the modes of MySQL's own clients.

use std::str::FromStr;

use mysql_async::{DriverError, Error, IoError, SslOpts};

/// `ssl-mode` in `DATABASE_URL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsMode {
    /// No TLS.
    Disabled,
    /// TLS if it works, otherwise none. Any certificate is accepted.
    Preferred,
    /// Always TLS. Any certificate is accepted.
    Required,
    /// Always TLS, with a certificate of a trusted authority for any host.
    VerifyCa,
    /// Always TLS, with a certificate of a trusted authority for the host in the URL.
    VerifyIdentity,
}

/// How a certificate begins in PEM.
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

impl TlsMode {
    fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyIdentity)
    }
}

impl FromStr for TlsMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().replace('_', "-").as_str() {
            "disabled" => Self::Disabled,
            "preferred" => Self::Preferred,
            "required" => Self::Required,
            "verify-ca" => Self::VerifyCa,
            "verify-identity" => Self::VerifyIdentity,
            _ => {
                let modes = "disabled, preferred, required, verify-ca or verify-identity";
                return Err(format!("must be {modes}"));
            }
        })
    }
}

/// A mode, and the authorities whose certificates are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    mode: TlsMode,
    /// Certificates in PEM. `None` trusts the public authorities.
    authorities: Option<Vec<u8>>,
}

impl Tls {
    pub(super) fn disabled() -> Self {
        Self {
            mode: TlsMode::Disabled,
            authorities: None,
        }
    }

    pub(super) fn preferred() -> Self {
        Self {
            mode: TlsMode::Preferred,
            authorities: None,
        }
    }

    /// Reads the file of the authorities.
    pub(super) fn new(mode: TlsMode, authorities: Option<&str>) -> Result<Self, String> {
        let Some(path) = authorities else {
            return Ok(Self {
                mode,
                authorities: None,
            });
        };
        if !mode.verifies() {
            return Err("requires ssl-mode=verify-ca or ssl-mode=verify-identity".to_owned());
        }
        let pem = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        if !pem.windows(BEGIN.len()).any(|part| part == BEGIN) {
            return Err(format!("{path} contains no certificate in PEM"));
        }
        Ok(Self {
            mode,
            authorities: Some(pem),
        })
    }

    pub(super) fn mode(&self) -> TlsMode {
        self.mode
    }

    /// The driver's options; `None` without TLS.
    pub(super) fn options(&self) -> Option<SslOpts> {
        if self.mode == TlsMode::Disabled {
            return None;
        }
        let mut options =
            SslOpts::default().with_danger_accept_invalid_certs(!self.mode.verifies());
        if self.mode != TlsMode::VerifyIdentity {
            options = options
                .with_danger_skip_domain_validation(true)
                .with_danger_tls_hostname_override(Some(ANY_NAME));
        }
        if let Some(authorities) = &self.authorities {
            options = options
                .with_root_certs(vec![authorities.clone().into()])
                .with_disable_built_in_roots(true);
        }
        Some(options)
    }
}

/// The driver accepts a certificate for another host only if the text of rustls' error contains `NotValidForName`, which
/// current versions of rustls do not write (`mysql_async` issue 404). They do write the name that was expected. A release
/// of the driver that compares the error's kind accepts this name as well.
const ANY_NAME: &str = "NotValidForName.invalid";

/// Why TLS did not work, if that is why a connection failed.
pub(super) fn problem(error: &Error) -> Option<String> {
    match error {
        Error::Driver(DriverError::NoClientSslFlagFromServer) => Some(
            "the database server offers no TLS, which ssl-mode in DATABASE_URL requires".to_owned(),
        ),
        Error::Io(IoError::Tls(error)) => Some(failed(error)),
        Error::Io(IoError::Io(error)) => {
            let inner = error.get_ref()?;
            inner.is::<rustls::Error>().then(|| failed(inner))
        }
        _ => None,
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> String {
    format!("TLS with the database server failed: {error}")
}
