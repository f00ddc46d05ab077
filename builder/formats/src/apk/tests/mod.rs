mod adb;
mod dependency;
mod index;
mod signature;
mod version;
