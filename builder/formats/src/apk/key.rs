//! Keys for signing feeds and packages: files `*.pem` in a router's `/etc/apk/keys`.
//!
//! A public key is the PEM of a SubjectPublicKeyInfo, as `openssl ec -pubout` writes it; a private one the PEM of RFC 5915
//! (`openssl ecparam -genkey`) or PKCS #8 (`openssl genpkey`). Text before the first `-----BEGIN` is no part of it: OpenWrt
//! puts an "untrusted comment:" there. The curve is P-256 in OpenWrt, but feeds signed on secp256k1 exist.

use std::fmt;

use base64ct::{Base64, Encoding};
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePublicKey};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::Error;

/// A curve that keys can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, which OpenSSL calls `prime256v1`.
    P256,
    /// `secp256k1`.
    Secp256k1,
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "P-256",
            Self::Secp256k1 => "secp256k1",
        })
    }
}

/// What names a key in a signature: the first 16 bytes of the SHA-512 of its point (uncompressed: 4, x, y).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    fn of(point: &[u8]) -> Self {
        let hash = Sha512::digest(point);
        let mut id = [0; 16];
        id.iter_mut().zip(hash).for_each(|(id, byte)| *id = byte);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: Verifier,
    id: KeyId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verifier {
    P256(p256::ecdsa::VerifyingKey),
    Secp256k1(k256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// The key in a PEM file.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let (label, der) = pem(text)?;
        if label != "PUBLIC KEY" {
            return Err(Error::Key(format!("it is a {label}, not a PUBLIC KEY")));
        }
        if let Ok(key) = p256::PublicKey::from_public_key_der(&der) {
            return Ok(Self::from(Verifier::P256(key.into())));
        }
        if let Ok(key) = k256::PublicKey::from_public_key_der(&der) {
            return Ok(Self::from(Verifier::Secp256k1(key.into())));
        }
        Err(other_curve())
    }

    fn from(key: Verifier) -> Self {
        let id = match &key {
            Verifier::P256(key) => KeyId::of(key.to_encoded_point(false).as_bytes()),
            Verifier::Secp256k1(key) => KeyId::of(key.to_encoded_point(false).as_bytes()),
        };
        Self { key, id }
    }

    /// What signatures name it by.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The curve it is on.
    pub fn curve(&self) -> Curve {
        match self.key {
            Verifier::P256(_) => Curve::P256,
            Verifier::Secp256k1(_) => Curve::Secp256k1,
        }
    }

    /// Its PEM file, as `openssl ec -pubout` writes it.
    ///
    /// # Errors
    /// [`Error::Key`], which no key that was read gives.
    pub fn to_pem(&self) -> Result<String, Error> {
        Ok(write_pem("PUBLIC KEY", &self.to_der()?))
    }

    /// SHA-256 over the SubjectPublicKeyInfo, as `SHA256:` and 64 hexadecimal digits: what to compare over the telephone. The same as
    /// `openssl pkey -pubin -in KEY -outform DER | sha256sum`.
    ///
    /// # Errors
    /// [`Error::Key`], which no key that was read gives.
    pub fn fingerprint(&self) -> Result<String, Error> {
        let hash = Sha256::digest(self.to_der()?);
        let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("SHA256:{digits}"))
    }

    fn to_der(&self) -> Result<Vec<u8>, Error> {
        let der = match &self.key {
            Verifier::P256(key) => p256::PublicKey::from(key).to_public_key_der(),
            Verifier::Secp256k1(key) => k256::PublicKey::from(key).to_public_key_der(),
        };
        let der = der.map_err(|error| Error::Key(error.to_string()))?;
        Ok(der.as_bytes().to_vec())
    }

    /// Whether `signature` (DER) is this key's for `digest`, the SHA-512 of what was signed.
    ///
    /// OpenSSL signs with high and low s; k256 takes only low ones, so these are made low first. They mean the same.
    pub(super) fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        use p256::ecdsa::signature::hazmat::PrehashVerifier;
        match &self.key {
            Verifier::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            Verifier::Secp256k1(key) => {
                k256::ecdsa::Signature::from_der(signature).is_ok_and(|signature| {
                    let low = signature.normalize_s().unwrap_or(signature);
                    key.verify_prehash(digest, &low).is_ok()
                })
            }
        }
    }
}

/// A private key.
#[derive(Clone)]
pub struct PrivateKey(Signer);

#[derive(Clone)]
enum Signer {
    P256(p256::ecdsa::SigningKey),
    Secp256k1(k256::ecdsa::SigningKey),
}

impl PrivateKey {
    /// The key in a PEM file that has no password.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let (label, der) = pem(text)?;
        let (p256, k256) = match label {
            "EC PRIVATE KEY" => (
                p256::SecretKey::from_sec1_der(&der).ok(),
                k256::SecretKey::from_sec1_der(&der).ok(),
            ),
            "PRIVATE KEY" => (
                p256::SecretKey::from_pkcs8_der(&der).ok(),
                k256::SecretKey::from_pkcs8_der(&der).ok(),
            ),
            _ => {
                return Err(Error::Key(format!(
                    "it is a {label}, not a PRIVATE KEY without password"
                )));
            }
        };
        if let Some(key) = p256.filter(|_| !names_secp256k1(&der)) {
            return Ok(Self(Signer::P256(key.into())));
        }
        let key = k256.ok_or_else(other_curve)?;
        Ok(Self(Signer::Secp256k1(key.into())))
    }

    /// The P-256 key of this number, which must be as random as can be.
    ///
    /// # Errors
    /// [`Error::Key`] when it is 0 or not below the curve's order, which happens to one in 2^32: take another.
    pub fn new(number: &[u8; 32]) -> Result<Self, Error> {
        let key = p256::SecretKey::from_slice(number);
        let key = key.map_err(|_| Error::Key("the number is not one of the curve's".into()))?;
        Ok(Self(Signer::P256(key.into())))
    }

    /// Its PEM file, as `openssl ecparam -name prime256v1 -genkey -noout` writes one.
    pub fn to_pem(&self) -> Zeroizing<String> {
        // RFC 5915: SEQUENCE { 1, the number, [0] the curve, [1] the point as a bit string }.
        let (number, curve, point) = match &self.0 {
            Signer::P256(key) => (
                Zeroizing::new(key.to_bytes().to_vec()),
                &P256_OID[..],
                key.verifying_key()
                    .to_encoded_point(false)
                    .as_bytes()
                    .to_vec(),
            ),
            Signer::Secp256k1(key) => (
                Zeroizing::new(key.to_bytes().to_vec()),
                &SECP256K1_OID[..],
                key.verifying_key()
                    .to_encoded_point(false)
                    .as_bytes()
                    .to_vec(),
            ),
        };
        let mut body = Zeroizing::new(vec![2, 1, 1, 4, 32]);
        body.extend_from_slice(&number);
        // No length here comes near 128, from which on it would take more than a byte.
        for (tag, inside) in [
            (0xa0, curve.to_vec()),
            (0xa1, [&[3, point.len() as u8 + 1, 0][..], &point].concat()),
        ] {
            body.extend([tag, inside.len() as u8]);
            body.extend(inside);
        }
        let mut der = Zeroizing::new(vec![0x30, body.len() as u8]);
        der.extend_from_slice(&body);
        Zeroizing::new(write_pem("EC PRIVATE KEY", &der))
    }

    /// Its public key.
    pub fn public(&self) -> PublicKey {
        PublicKey::from(match &self.0 {
            Signer::P256(key) => Verifier::P256(*key.verifying_key()),
            Signer::Secp256k1(key) => Verifier::Secp256k1(*key.verifying_key()),
        })
    }

    /// Signs `digest` (SHA-512): the same digest always gives the same signature (RFC 6979). In DER.
    pub(super) fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, Error> {
        use p256::ecdsa::signature::hazmat::PrehashSigner;
        let failed = |error: p256::ecdsa::Error| Error::Signature(format!("not made: {error}"));
        Ok(match &self.0 {
            Signer::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(digest).map_err(failed)?;
                signature.to_der().as_bytes().to_vec()
            }
            Signer::Secp256k1(key) => {
                let signature: k256::ecdsa::Signature = key.sign_prehash(digest).map_err(failed)?;
                signature.to_der().as_bytes().to_vec()
            }
        })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public().id())
    }
}

/// The name of P-256 in DER: 1.2.840.10045.3.1.7.
const P256_OID: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
/// The name of secp256k1 in DER: 1.3.132.0.10.
const SECP256K1_OID: [u8; 7] = [6, 5, 0x2b, 0x81, 4, 0, 0x0a];

/// Whether the DER names secp256k1: the reader of RFC 5915 for P-256 does not look at the curve's name.
fn names_secp256k1(der: &[u8]) -> bool {
    der.windows(SECP256K1_OID.len())
        .any(|bytes| bytes == SECP256K1_OID)
}

fn write_pem(label: &str, der: &[u8]) -> String {
    let text = Zeroizing::new(Base64::encode_string(der));
    let mut pem = format!("-----BEGIN {label}-----\n");
    // The base64 is ASCII.
    for (place, letter) in text.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem + &format!("\n-----END {label}-----\n")
}

fn other_curve() -> Error {
    Error::Key("it is not on the curves P-256 (prime256v1) or secp256k1".into())
}

/// The label and the bytes of the first PEM block.
fn pem(text: &str) -> Result<(&str, Vec<u8>), Error> {
    let read = || {
        let (_, rest) = text.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
        Some((label, body))
    };
    let (mut label, mut body) =
        read().ok_or_else(|| Error::Key("there is no whole PEM block in it".into()))?;
    // `openssl ecparam -genkey` writes the curve before the key unless told -noout.
    if label == "EC PARAMETERS"
        && let Some((_, rest)) = text.split_once("-----END EC PARAMETERS-----")
    {
        return pem(rest);
    }
    label = label.trim();
    body = body.trim();
    let body: String = body.split_whitespace().collect();
    let der = Base64::decode_vec(&body)
        .map_err(|error| Error::Key(format!("its base64 does not hold: {error}")))?;
    Ok((label, der))
}
