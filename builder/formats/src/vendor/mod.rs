//! Formats of single makers: headers, footers and seals around an image of another format, or around kernel and root
//! file system.

pub mod belkin;
pub mod elx;
pub mod iptime;
pub mod jcg;
pub mod md5_text;
pub mod prefix;
pub mod tail_text;
