mod adb;
mod dependency;
mod index;
mod installed;
mod package;
mod signature;
mod version;
