//! Sets the root password in `/etc/shadow`.

/// The text of `/etc/shadow` with the password field of `root` set to `hash` (crypt(3) form, or empty for none).
/// A file without a line for root gets one, in the form OpenWrt's base-files has.
pub fn with_root_hash(shadow: &str, hash: &str) -> String {
    let mut found = false;
    let mut text = String::with_capacity(shadow.len() + hash.len());
    for line in shadow.lines() {
        let mut fields: Vec<&str> = line.split(':').collect();
        if let ["root", password, ..] = fields.as_mut_slice() {
            *password = hash;
            found = true;
        }
        text.push_str(&fields.join(":"));
        text.push('\n');
    }
    if !found {
        text.insert_str(0, &format!("root:{hash}:0:0:99999:7:::\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::with_root_hash;

    #[test]
    fn only_roots_password_changes() {
        let old = "root:::0:99999:7:::\ndaemon:*:0:0:99999:7:::\n";
        assert_eq!(
            with_root_hash(old, "$6$a$b"),
            "root:$6$a$b::0:99999:7:::\ndaemon:*:0:0:99999:7:::\n"
        );
        assert_eq!(
            with_root_hash("x:*:0\n", "h"),
            "root:h:0:0:99999:7:::\nx:*:0\n"
        );
    }
}
