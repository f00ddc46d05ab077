//! The two tables of names, offsets and lengths: lines of text, hexadecimal numbers of at least five digits.

/// Length of either table in bytes: text, a NUL, 0xFF.
pub(super) const TABLE: usize = 0x800;
/// What a partition table begins with.
const HEADER: [u8; 4] = [0, 4, 0, 0];
/// More entries than any board has.
const MAX: usize = 64;

/// A named stretch of the flash, or of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its name, such as `os-image`.
    pub name: String,
    /// Its offset in bytes.
    pub base: u32,
    /// Its length in bytes.
    pub size: u32,
}

impl Partition {
    /// The name without the number that boards with two systems put behind it (`os-image@1`).
    pub(super) fn kind(&self) -> &str {
        self.name.split('@').next().unwrap_or_default()
    }
}

/// The partition table of the flash; `None` when it is not exactly as the tool writes it.
pub(super) fn parse_flash(table: &[u8]) -> Option<Vec<Partition>> {
    let lines = text(table.strip_prefix(&HEADER)?)?;
    let list = parse(lines, "partition ", "\n")?;
    (flash(&list)? == table).then_some(list)
}

/// The partition table of the flash; `None` when it is too long.
pub(super) fn flash(list: &[Partition]) -> Option<Vec<u8>> {
    let mut table = HEADER.to_vec();
    table.extend(write(list, "partition ", "\n"));
    table.push(0);
    fill(table)
}

/// The table of an image's parts; `None` when it is not exactly as the tool writes it.
pub(super) fn parse_image(table: &[u8]) -> Option<Vec<Partition>> {
    let list = parse(text(table)?, "fwup-ptn ", "\t\r\n")?;
    (image(&list)? == table).then_some(list)
}

/// The table of an image's parts; `None` when it is too long.
pub(super) fn image(list: &[Partition]) -> Option<Vec<u8>> {
    let mut table = write(list, "fwup-ptn ", "\t\r\n");
    table.push(0);
    fill(table)
}

fn text(table: &[u8]) -> Option<&str> {
    let end = table.iter().position(|b| *b == 0)?;
    std::str::from_utf8(&table[..end]).ok()
}

fn parse(text: &str, before: &str, behind: &str) -> Option<Vec<Partition>> {
    let lines = text.strip_suffix(behind)?.split(behind).take(MAX + 1);
    let list: Option<Vec<_>> = lines
        .map(|line| {
            let (name, rest) = line.strip_prefix(before)?.split_once(" base 0x")?;
            let (base, size) = rest.split_once(" size 0x")?;
            Some(Partition {
                name: name.to_owned(),
                base: u32::from_str_radix(base, 16).ok()?,
                size: u32::from_str_radix(size, 16).ok()?,
            })
        })
        .collect();
    list.filter(|list| list.len() <= MAX)
}

fn write(list: &[Partition], before: &str, behind: &str) -> Vec<u8> {
    let lines = list.iter().map(|p| {
        let Partition { name, base, size } = p;
        format!("{before}{name} base 0x{base:05x} size 0x{size:05x}{behind}")
    });
    lines.collect::<String>().into_bytes()
}

fn fill(mut table: Vec<u8>) -> Option<Vec<u8>> {
    if table.len() > TABLE {
        return None;
    }
    table.resize(TABLE, 0xFF);
    Some(table)
}
