//! Databases of places that the user gives, in the `MaxMind` DB format: City, Country and ASN, whoever made them.
//!
//! Format: <https://maxmind.github.io/MaxMind-DB/>; fields: <https://dev.maxmind.com/geoip/docs/databases/>. A file is checked from end to end when it is opened, so that a damaged one is an error
//! and not a place less.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader, path};
use serde::de::DeserializeOwned;

use super::places::{Coordinates, Place, Places, System};
use crate::bounded;

/// A larger file is no such database, in bytes.
const MOST: u64 = 2 << 30;

/// Several databases, asked in their order for what those before did not say.
#[derive(Debug, Default)]
pub struct Databases(Vec<Reader<Vec<u8>>>);

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read the MMDB {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is none, or not whole.
    #[error("{} is no MMDB, or is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In which way.
        source: MaxMindDbError,
    },
}

impl Databases {
    /// Opens all of `files`.
    ///
    /// # Errors
    /// Where one cannot be read, or is not whole.
    pub fn open(files: &[PathBuf]) -> Result<Self, Error> {
        files.iter().map(|file| database(file)).collect::<Result<_, _>>().map(Self)
    }
}

fn database(path: &Path) -> Result<Reader<Vec<u8>>, Error> {
    let bytes = bounded::read(path, MOST).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let damaged = |source| Error::Damaged { path: path.to_owned(), source };
    let reader = Reader::from_source(bytes).map_err(damaged)?;
    reader.verify().map_err(damaged)?;
    Ok(reader)
}

impl Places for Databases {
    fn place(&self, address: IpAddr) -> Place {
        let mut place = Place::default();
        let address = address.to_canonical();
        // What cannot be looked up, such as an IPv6 address in a database of IPv4, is what the database does not say.
        for found in self.0.iter().filter_map(|reader| reader.lookup(address).ok()).filter(LookupResult::has_data) {
            place.country = place.country.or_else(|| field(&found, &path!["country", "iso_code"]));
            place.city = place.city.or_else(|| field(&found, &path!["city", "names", "en"]));
            place.at = place.at.or_else(|| coordinates(&found));
            place.system = place.system.or_else(|| system(&found));
        }
        place
    }
}

/// A field, where it is there and of the type that it has in such databases.
fn field<T: DeserializeOwned>(found: &LookupResult<'_, Vec<u8>>, path: &[PathElement<'_>]) -> Option<T> {
    found.decode_path(path).ok().flatten()
}

fn coordinates(found: &LookupResult<'_, Vec<u8>>) -> Option<Coordinates> {
    let latitude: f64 = field(found, &path!["location", "latitude"])?;
    let longitude: f64 = field(found, &path!["location", "longitude"])?;
    let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    let radius = field(found, &path!["location", "accuracy_radius"]).unwrap_or(0);
    on_earth.then_some(Coordinates { latitude, longitude, radius })
}

fn system(found: &LookupResult<'_, Vec<u8>>) -> Option<System> {
    let number = field(found, &path!["autonomous_system_number"])?;
    Some(System { number, organisation: field(found, &path!["autonomous_system_organization"]) })
}

#[cfg(test)]
pub(crate) mod written;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{written::Written, *};

    fn databases(files: &[&[u8]]) -> Result<Databases, Error> {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..files.len()).map(|nth| folder.path().join(format!("{nth}.mmdb"))).collect();
        for (path, bytes) in paths.iter().zip(files) {
            fs::write(path, bytes).unwrap();
        }
        Databases::open(&paths)
    }

    fn city() -> Vec<u8> {
        let mut written = Written::new("Made-Up-City");
        written.city("192.0.2.0/24", "DE", "Berlin", (52.52, 13.405, 20));
        written.city("2001:db8::/32", "AU", "Sydney", (-33.87, 151.21, 0));
        written.bytes()
    }

    #[test]
    fn several_files_say_what_each_knows() {
        let mut asn = Written::new("Made-Up-ASN");
        asn.system("192.0.0.0/16", 64500, "Example Net");
        let places = databases(&[&city(), &asn.bytes()]).unwrap();
        let place = places.place("192.0.2.9".parse().unwrap());
        assert_eq!((place.country.as_deref(), place.city.as_deref()), (Some("DE"), Some("Berlin")));
        assert_eq!(place.at, Some(Coordinates { latitude: 52.52, longitude: 13.405, radius: 20 }));
        assert_eq!(place.system.unwrap().organisation.as_deref(), Some("Example Net"));
        assert_eq!(places.place("2001:db8::1".parse().unwrap()).country.as_deref(), Some("AU"));
        assert_eq!(places.place("198.51.100.1".parse().unwrap()), Place::default());
    }

    #[test]
    fn a_damaged_file_is_an_error_that_names_it() {
        let whole = city();
        for broken in [&b"no database"[..], &whole[..whole.len() / 2], &[&whole[20..]].concat()] {
            let error = databases(&[&whole, broken]).unwrap_err();
            assert!(matches!(&error, Error::Damaged { path, .. } if path.ends_with("1.mmdb")), "{error}");
        }
        assert!(matches!(Databases::open(&["/nowhere/x.mmdb".into()]), Err(Error::Read { .. })));
    }
}
