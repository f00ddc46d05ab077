//! A machine's serial console, driven by a program: wait for words, run commands, get their output.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

/// What the machine has said, shared with the thread that reads it.
#[derive(Debug, Default)]
struct Heard {
    bytes: Vec<u8>,
    ended: bool,
}

/// The console. All that the machine says goes to the log file too.
pub struct Console {
    to: Box<dyn Write + Send>,
    heard: Arc<(Mutex<Heard>, Condvar)>,
    /// Up to where the words were waited for.
    read: usize,
    log: PathBuf,
    number: u32,
}

/// What a command printed and its exit status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Standard output and error, lines ended by `\n`.
    pub text: String,
    /// The exit status.
    pub status: i32,
}

impl Console {
    /// A console over a pair of pipes, logged to `log` (appended to).
    ///
    /// # Errors
    /// When the log can't be written.
    pub fn new(
        from: impl Read + Send + 'static,
        to: impl Write + Send + 'static,
        log: &Path,
    ) -> Result<Self> {
        let file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| log.display().to_string())?;
        let heard = Arc::new((Mutex::new(Heard::default()), Condvar::new()));
        let shared = Arc::clone(&heard);
        std::thread::Builder::new()
            .name("console".into())
            .spawn(move || listen(from, file, &shared))
            .context("no thread for the console")?;
        Ok(Self {
            to: Box::new(to),
            heard,
            read: 0,
            log: log.to_owned(),
            number: 0,
        })
    }

    /// Waits until the machine says one of `words`, and says which.
    ///
    /// # Errors
    /// When it does not within `limit`, or ends before.
    pub fn wait_for(&mut self, words: &[&str], limit: Duration) -> Result<usize> {
        self.wait(words, limit).map(|(which, _)| which)
    }

    /// The same, with what came before the word.
    fn wait(&mut self, words: &[&str], limit: Duration) -> Result<(usize, Vec<u8>)> {
        let deadline = Instant::now() + limit;
        let (lock, news) = &*self.heard;
        let mut heard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let unread = heard.bytes.get(self.read..).unwrap_or_default();
            let found = words
                .iter()
                .enumerate()
                .filter_map(|(which, word)| {
                    find(unread, word.as_bytes()).map(|at| (at, which, word.len()))
                })
                .min();
            if let Some((at, which, length)) = found {
                let before = unread.get(..at).unwrap_or_default().to_vec();
                self.read += at + length;
                return Ok((which, before));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let why = match (heard.ended, left.is_zero()) {
                (true, _) => "QEMU ended".to_owned(),
                (_, true) => format!("{} s passed", limit.as_secs()),
                _ => {
                    heard = news
                        .wait_timeout(heard, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                    continue;
                }
            };
            drop(heard);
            bail!(
                "{why} while waiting for `{}` on the console",
                words.join("` or `")
            );
        }
    }

    /// Types text.
    ///
    /// # Errors
    /// When QEMU has ended.
    pub fn send(&mut self, text: &str) -> Result<()> {
        self.to
            .write_all(text.as_bytes())
            .and_then(|()| self.to.flush())
            .context("QEMU takes no more input")
    }

    /// Opens a shell after boot: answers the prompt, then turns echo and line editing off so that output is clean.
    ///
    /// # Errors
    /// When the console's prompt does not come within `limit`.
    pub fn open_shell(&mut self, limit: Duration) -> Result<()> {
        self.wait_for(&["Please press Enter to activate this console."], limit)?;
        self.send("\n")?;
        self.wait_for(&["# "], Duration::from_secs(60))?;
        // `stty` before the marker: what is typed after it is no longer echoed. The marker is written in two halves
        // so that the echo of this very line is not taken for it.
        self.send("exec sh -c 'stty -echo -icanon min 1 2>/dev/null; stty icanon; echo CLOM''READY; while IFS= read -r l; do eval \"$l\"; done'\n")?;
        self.wait_for(&["CLOMREADY"], Duration::from_secs(60))?;
        Ok(())
    }

    /// Runs a command line in the shell that [`Console::open_shell`] opened.
    ///
    /// # Errors
    /// When it does not end within `limit`. A command that fails is no error: see [`Output::status`].
    pub fn run(&mut self, command: &str, limit: Duration) -> Result<Output> {
        if command.contains('\n') || command.len() > 3500 {
            bail!("a console command must be one line of at most 3500 bytes");
        }
        self.number += 1;
        let (open, close) = (
            format!("<<{}>>", self.number),
            format!("<<{}:", self.number),
        );
        self.send(&format!(
            "echo '{open}'; {command} ; echo \"<<{}:$?>>\"\n",
            self.number
        ))?;
        let inner = |console: &mut Self| -> Result<Output> {
            console.wait(&[&open], limit)?;
            let (_, text) = console.wait(&[&close], limit)?;
            let (_, status) = console.wait(&[">>"], Duration::from_secs(30))?;
            let text = String::from_utf8_lossy(&text).replace('\r', "");
            let status = String::from_utf8_lossy(&status);
            Ok(Output {
                text: text.strip_prefix('\n').unwrap_or(&text).to_owned(),
                status: status
                    .trim()
                    .parse()
                    .map_err(|_| anyhow!("no exit status but `{status}`"))?,
            })
        };
        inner(self).with_context(|| format!("`{command}` in the machine"))
    }

    /// The last lines the machine said.
    pub fn tail(&self, lines: usize) -> String {
        let heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&heard.bytes).replace('\r', "");
        let all: Vec<&str> = text.lines().collect();
        all.get(all.len().saturating_sub(lines)..)
            .unwrap_or_default()
            .join("\n")
    }

    /// Where all of it is written.
    pub fn log(&self) -> &Path {
        &self.log
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

fn listen(mut from: impl Read, mut log: File, shared: &(Mutex<Heard>, Condvar)) {
    let (lock, news) = shared;
    let mut buffer = [0; 4096];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(count) => count,
            Err(why) if why.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        // The log is for people; a full disk must not stop the machine.
        let _ = log.write_all(bytes);
        let mut heard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        heard.bytes.extend_from_slice(bytes);
        heard.ended = count == 0;
        news.notify_all();
        if count == 0 {
            return;
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len().max(1))
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// The host's own shell stands in for the machine's.
    fn shell() -> (std::process::Child, Console, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "while IFS= read -r l; do eval \"$l\"; done"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let console = Console::new(
            child.stdout.take().unwrap(),
            child.stdin.take().unwrap(),
            &dir.path().join("log"),
        )
        .unwrap();
        (child, console, dir)
    }

    #[test]
    fn gives_output_and_status_of_each_command() {
        let (mut child, mut console, dir) = shell();
        let output = console.run("printf 'a\\nb'; (exit 3)", LONG).unwrap();
        assert_eq!((output.text.as_str(), output.status), ("a\nb", 3));
        let output = console.run("echo '<<1:0>>'", LONG).unwrap();
        assert_eq!(output.status, 0);
        let output = console.run("true", LONG).unwrap();
        assert_eq!((output.text.as_str(), output.status), ("", 0));
        assert!(console.tail(1).contains("<<3:0>>"));
        assert!(
            std::fs::read_to_string(dir.path().join("log"))
                .unwrap()
                .contains("a\nb")
        );
        child.kill().unwrap();
        child.wait().unwrap();
        let error = console.run("true", LONG).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("QEMU"), "{error}");
    }

    #[test]
    fn says_which_of_several_words_came_first() {
        let (mut child, mut console, _dir) = shell();
        console.send("echo one two three\n").unwrap();
        assert_eq!(console.wait_for(&["three", "two"], LONG).unwrap(), 1);
        let error = console
            .wait_for(&["four"], Duration::from_millis(1))
            .unwrap_err();
        assert!(error.to_string().contains("waiting for `four`"));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
