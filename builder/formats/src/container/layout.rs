//! The formats, and the order in which they are asked.

use crate::layer::{Error, Format, Opened};
use crate::{
    disk, filesystem, fwtool, gzip, lead, plain, senao_tar, sysupgrade_tar, tplink, trx, vendor,
    zip,
};

/// What a format makes of an image: `None` when it is not its own.
type Answer = Option<Result<Opened<Layout>, Error>>;

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident($layout:ty),)*) => {
        /// The rule of one format of an image.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Layout {
            $($(#[$doc])* $variant($layout),)*
        }

        impl Layout {
            /// Its name, as OpenWrt's recipes or tools call it.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(layout) => layout.kind(),)*
                }
            }

            /// Asks one format after the other whether `image` is of it.
            ///
            /// # Errors
            /// When it is of the first format that knows it, but damaged.
            pub(super) fn open(image: &[u8]) -> Answer {
                Self::open_every(image).next()
            }

            /// What every format makes of `image` that takes it for its own, in the order in which they are asked. The first counts.
            pub fn open_every(image: &[u8]) -> impl Iterator<Item = Result<Opened<Self>, Error>> {
                let formats: &[fn(&[u8]) -> Answer] = &[
                    $(|image| Some(<$layout>::open(image)?.map(|opened| opened.map(Self::$variant))),)*
                ];
                formats.iter().filter_map(move |open| open(image))
            }

            /// Puts `parts` together.
            ///
            /// # Errors
            /// When the format cannot hold them.
            pub fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
                match self {
                    $(Self::$variant(layout) => layout.close(parts),)*
                }
            }
        }
    };
}

// Outermost first: what stands behind an image, then formats with a magic number of their own, and last those that are
// recognised by their root file system alone.
formats! {
    /// Metadata and signatures behind an image.
    Trailer(fwtool::Layout),
    /// A table of named parts for TP-Link's web interface.
    SafeloaderFactory(crate::safeloader::Factory),
    /// A dump of TP-Link's flash with the support list at its end.
    SafeloaderDump(crate::safeloader::Dump),
    /// Named parts behind a UBI image, for TP-Link's access points.
    TplinkEap(crate::safeloader::Eap),
    /// Compressed as a whole.
    Gzip(gzip::Layout),
    /// The one file of a zip archive.
    Zip(zip::Layout),
    /// Senao's archive.
    SenaoTar(senao_tar::Layout),
    /// The header of D-Link's access points.
    Wrgg(vendor::wrgg::Layout),
    /// JBOOT's headers.
    Jboot(vendor::jboot::Layout),
    /// JBOOT's header of factory images.
    JbootFactory(vendor::jboot::Factory),
    /// Partitions of a disk.
    Disk(disk::Layout),
    /// Kernel and root file system as files of a tarball.
    SysupgradeTar(sysupgrade_tar::Layout),
    /// Behind a TP-Link header that states lengths and an MD5.
    Tplink(tplink::Layout),
    /// Partitions behind a header with a CRC.
    Trx(trx::Layout),
    /// Netgear's CHK header.
    NetgearChk(vendor::netgear_chk::Layout),
    /// Netgear's DNI header and checksum.
    NetgearDni(vendor::netgear_dni::Layout),
    /// Netgear's encrypted factory images.
    NetgearEncrypted(vendor::netgear_encrypted::Layout),
    /// Linksys' header with a pattern.
    Addpattern(vendor::addpattern::Layout),
    /// An image with texts and an MD5, or a seal around one.
    Seama(vendor::seama::Layout),
    /// Sercomm's header.
    SercomSeal(vendor::sercom_seal::Layout),
    /// Edimax' header and checksum.
    Edimax(vendor::edimax::Layout),
    /// Senao's header and XOR.
    Senao(vendor::senao::Layout),
    /// Sercomm's footer.
    SercomFooter(vendor::sercom_footer::Layout),
    /// The outermost header of Buffalo's DHP series.
    BuffaloDhp(vendor::buffalo_dhp::Layout),
    /// Buffalo's encryption.
    BuffaloEnc(vendor::buffalo_enc::Layout),
    /// Buffalo's header.
    BuffaloTag(vendor::buffalo_tag::Layout),
    /// Buffalo's text before a TRX.
    BuffaloWzr(vendor::buffalo_wzr::Layout),
    /// Motorola's header.
    Motorola(vendor::motorola::Layout),
    /// Luxul's header.
    Luxul(vendor::luxul::Layout),
    /// Cybertan's header.
    Cybertan(vendor::cybertan::Layout),
    /// U.S. Robotics' header.
    Usrobotics(vendor::usrobotics::Layout),
    /// Linksys' footer.
    LinksysImage(vendor::linksys_image::Layout),
    /// ZyXEL's signature.
    Zyimage(vendor::zyimage::Layout),
    /// Behind the room of a boot loader.
    Lead(lead::Layout),
    /// A text of fixed length before an image.
    Prefix(vendor::prefix::Layout),
    /// Elecom's MD5 and XOR.
    Elx(vendor::elx::Layout),
    /// ipTIME's header.
    Iptime(vendor::iptime::Layout),
    /// Belkin's header.
    Belkin(vendor::belkin::Layout),
    /// OpenWrt's combined image.
    Combined(vendor::combined::Layout),
    /// JCG's header.
    Jcg(vendor::jcg::Layout),
    /// An MD5 as text behind an image.
    Md5Text(vendor::md5_text::Layout),
    /// A text behind an image.
    TailText(vendor::tail_text::Layout),
    /// Ubiquiti's parts.
    Ubiquiti(vendor::ubiquiti::Layout),
    /// OpenMesh's files and script.
    OpenMesh(vendor::openmesh::Layout),
    /// Behind Broadcom's tag.
    Imagetag(vendor::imagetag::Layout),
    /// A flattened image tree with a root file system.
    Fit(crate::fit::Layout),
    /// Volumes for NAND flash.
    Ubi(crate::ubi::Layout),
    /// A kernel with a UBI image behind it.
    KernelAndUbi(crate::ubi::Behind),
    /// A root file system and its padding.
    Filesystem(filesystem::Layout),
    /// Kernel and root file system one behind the other.
    Plain(plain::Layout),
}
