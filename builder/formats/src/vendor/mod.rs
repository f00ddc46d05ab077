//! Formats of single makers: headers, footers and seals around an image of another format, or around kernel and root
//! file system.

pub mod addpattern;
pub mod belkin;
mod buffalo_cipher;
pub mod buffalo_dhp;
pub mod buffalo_enc;
pub mod buffalo_tag;
pub mod buffalo_wzr;
mod cksum;
pub mod combined;
pub mod cybertan;
pub mod edimax;
pub mod elx;
pub mod imagetag;
pub mod iptime;
pub mod jboot;
pub mod jcg;
pub mod linksys_image;
pub mod luxul;
pub mod md5_text;
pub mod motorola;
pub mod netgear_chk;
pub mod netgear_dni;
pub mod netgear_encrypted;
pub mod openmesh;
pub mod prefix;
pub mod seama;
pub mod senao;
mod sercom_block;
pub mod sercom_footer;
pub mod sercom_seal;
pub mod tail_text;
pub mod ubiquiti;
pub mod usrobotics;
pub mod wrgg;
pub mod zyimage;
