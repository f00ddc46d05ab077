//! Formats of single makers: headers, footers and seals around an image of another format, or around kernel and root
//! file system.
