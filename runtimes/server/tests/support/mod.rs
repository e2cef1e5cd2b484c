//! The real program, started on free ports, and a plain HTTP client.
#![allow(dead_code, clippy::unwrap_used, reason = "every test file uses a part; a test may panic")]

pub(crate) mod confined;

use rustix::process::{Pid, Signal, kill_process};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program with a clean environment.
pub(crate) fn program() -> Command {
    program_at(env!("CARGO_BIN_EXE_hunt-server"))
}

/// A program with a clean environment.
pub(crate) fn program_at(path: &str) -> Command {
    let mut command = Command::new(path);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// Runs the program to its end.
pub(crate) fn run(args: &[&str], env: &[(&str, &str)]) -> Output {
    output(program().args(args).envs(env.iter().copied()))
}

/// Runs a command to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// Standard output and standard error of a run, one after the other.
pub(crate) fn all_of(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

fn address(line: &str, prefix: &str) -> SocketAddr {
    let address = line.strip_prefix(prefix).unwrap_or_else(|| panic!("{prefix} in {line:?}"));
    address.parse().unwrap()
}

/// A server that runs. It is killed when the test ends, however it ends.
pub(crate) struct Server {
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    pid: Pid,
    lines: Receiver<String>,
    errors: Arc<Mutex<String>>,
    exits: Receiver<ExitStatus>,
    exit: Option<ExitStatus>,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    /// Starts on free ports, which `args` can overrule, and waits for its addresses.
    pub(crate) fn start_with(args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::start_program(program().args(args).envs(env.iter().copied()))
    }

    /// Starts a program on free ports, and waits for its addresses.
    pub(crate) fn start_program(command: &mut Command) -> Self {
        Self::try_program(command).unwrap_or_else(|(_, errors)| panic!("no server: {errors}"))
    }

    /// The same, or the exit code and what it said of a program that does not serve.
    pub(crate) fn try_program(command: &mut Command) -> Result<Self, (Option<i32>, String)> {
        for name in ["HUNT_LISTEN", "HUNT_ADMIN"] {
            if !command.get_envs().any(|(key, _)| key == name) {
                command.env(name, "127.0.0.1:0");
            }
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (say, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        let errors = Arc::new(Mutex::new(String::new()));
        let into = errors.clone();
        let collect = thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut all = into.lock().unwrap();
                all.push_str(&line);
                all.push('\n');
            }
        });
        let (say, exits) = channel();
        thread::spawn(move || {
            let status = child.wait().unwrap();
            collect.join().unwrap();
            let _ = say.send(status);
        });
        let nowhere = SocketAddr::from(([0; 4], 0));
        let mut server =
            Self { public: nowhere, admin: nowhere, pid, lines, errors, exits, exit: None };
        match server.lines.recv_timeout(PATIENCE) {
            Ok(line) => server.public = address(&line, "players: http://"),
            Err(_) => return Err((server.exit_code(), server.errors())),
        }
        server.admin = address(&server.line(), "admin: http://");
        Ok(server)
    }

    /// The next line of standard output.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line: {}", self.errors()))
    }

    /// The lines of the demo, without comments.
    pub(crate) fn invitation(&self) -> Vec<String> {
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.ends_with("/metrics")) {
            lines.push(self.line());
        }
        lines.retain(|line| !line.is_empty() && !line.starts_with('#'));
        lines
    }

    /// Standard error so far.
    pub(crate) fn errors(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// The exit code, once it has ended by itself.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        if self.exit.is_none() {
            self.exit = self.exits.recv_timeout(PATIENCE).ok();
        }
        self.exit.unwrap_or_else(|| panic!("it does not end: {}", self.errors())).code()
    }

    /// Whether it has ended already.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.exit = self.exit.or_else(|| self.exits.try_recv().ok());
        self.exit.is_some()
    }

    /// Ends it in order and returns all that it wrote to standard error.
    pub(crate) fn end(mut self) -> String {
        self.signal(Signal::TERM);
        assert_eq!(self.exit_code(), Some(0), "{}", self.errors());
        self.errors()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.has_ended() {
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    /// The value of a field, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn closes(&self) -> bool {
        self.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// A connection that is kept open.
pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new() })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next response; an error says how many of its bytes had come.
    pub(crate) fn receive(&mut self) -> io::Result<Response> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.fill()?;
        };
        let head = String::from_utf8(self.unread[..end].to_vec()).unwrap();
        let status = head[9..12].parse().unwrap();
        let mut response = Response { status, head, body: String::new() };
        let length = response.field("content-length").map_or(0, |value| value.parse().unwrap());
        while self.unread.len() < end + 4 + length {
            self.fill()?;
        }
        let bytes = self.unread.drain(..end + 4 + length).skip(end + 4).collect();
        response.body = String::from_utf8(bytes).unwrap();
        Ok(response)
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        // A ring that a test had in this process may interrupt it when it is taken down.
        let read = loop {
            match self.stream.read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        match read {
            0 => {
                let what = format!("closed after {} bytes of an answer", self.unread.len());
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, what))
            }
            count => {
                self.unread.extend_from_slice(&bytes[..count]);
                Ok(())
            }
        }
    }

    /// Whether the server has closed, and nothing came before that.
    pub(crate) fn ends(&mut self) -> bool {
        let mut byte = [0];
        self.unread.is_empty() && matches!(self.stream.read(&mut byte), Ok(0))
    }

    pub(crate) fn call(&mut self, request: &[u8]) -> io::Result<Response> {
        self.send(request)?;
        self.receive()
    }
}

/// A request; the token is left out where it is empty.
pub(crate) fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let authorization = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let length = match body.len() {
        0 => String::new(),
        length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: test\r\n{authorization}{length}\r\n{body}").into()
}

pub(crate) fn get(addr: SocketAddr, path: &str) -> Response {
    Client::connect(addr).unwrap().call(&request("GET", path, "", "")).unwrap()
}

/// Tries until `check` gives something, or the patience ends.
pub(crate) fn until<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// A file that is gone when the test is.
pub(crate) struct TempFile(pub(crate) PathBuf);

impl TempFile {
    pub(crate) fn new(text: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hunt-server-{}-{number}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
