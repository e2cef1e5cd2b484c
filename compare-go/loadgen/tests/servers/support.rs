//! Servers of a few lines, and runs of `get` against them.

use loadgen::errors::ErrorKind;
use loadgen::outcome::Unobserved;
use loadgen::plan::{Arrivals, Fault, Load, Plan, Processes, Workers};
use loadgen::run::{RunError, Stop, run};
use loadgen::workload::{Kind, Options};
use loadgen::{Ending, Outcome};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// An answer that is right.
pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A grace that is over as soon as all is answered, however busy the machine is.
pub(crate) const PATIENT: Duration = Duration::from_secs(60);

/// Serves each connection by a script, on a thread of its own; the connection ends with the script.
pub(crate) fn server(script: impl Fn(Peer) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let script = Arc::clone(&script);
            thread::spawn(move || script(Peer { stream: stream.unwrap() }));
        }
    });
    address
}

/// A client, as a server sees it.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
}

impl Peer {
    /// Waits for a request; false where there comes none any more.
    pub(crate) fn request(&mut self) -> bool {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut byte) {
                Ok(1) => bytes.push(byte[0]),
                _ => return false,
            }
        }
        true
    }

    /// Sends; a client that is gone is none of the server's business.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Goes on answering rightly.
    pub(crate) fn serve(&mut self) {
        while self.request() {
            self.say(OK);
        }
    }

    /// Does nothing until the client is gone.
    pub(crate) fn stall(&mut self) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
    }
}

/// Passes the time.
#[expect(clippy::disallowed_methods, reason = "what is tested is that time passes")]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// A short run.
pub(crate) fn plan(server: SocketAddr) -> Plan {
    Plan {
        workload: Kind::Get,
        options: Options::default(),
        server,
        admin: server,
        admin_token: None,
        load: Load::Open { rate_per_s: Some(200.0), arrivals: Arrivals::Constant },
        connections: Some(4),
        depth: 1,
        workers: Workers { count: 1, processes: Processes::Never, cores: Vec::new() },
        warmup: Duration::ZERO,
        duration: Duration::from_millis(500),
        grace: Duration::from_millis(500),
        timeout: Duration::from_secs(10),
        seed: 1,
        tag: "t".into(),
        names: Vec::new(),
        fault: Fault::None,
    }
}

/// Runs, which must end soon after it was to end.
pub(crate) fn try_run(plan: &Plan) -> Result<Outcome, RunError> {
    let began = Instant::now();
    let result = run(plan, &Stop::default(), &mut Unobserved);
    let planned = plan.warmup + plan.duration + plan.grace;
    assert!(began.elapsed() < planned + Duration::from_secs(15), "{:?}", began.elapsed());
    result
}

/// Runs to the end, where every request is accounted for.
pub(crate) fn outcome(plan: &Plan) -> Outcome {
    let outcome = try_run(plan).unwrap();
    let requests = outcome.figures.requests();
    assert_eq!(requests.due, requests.right + requests.failed, "{outcome:#?}");
    assert_eq!(requests.due, outcome.figures.latency().count(), "{outcome:#?}");
    outcome
}

/// Runs a plan that is changed, against a script; of the errors, only this kind.
pub(crate) fn only(
    kind: ErrorKind,
    change: impl FnOnce(&mut Plan),
    script: impl Fn(Peer) + Send + Sync + 'static,
) -> Outcome {
    let mut plan = plan(server(script));
    change(&mut plan);
    let outcome = outcome(&plan);
    let errors = outcome.figures.errors();
    assert!(errors.total() > 0, "{outcome:#?}");
    assert_eq!(errors.count(kind), errors.total(), "{:#?}", errors.samples());
    assert_eq!(outcome.ending, Ending::Complete);
    assert!(!errors.samples().is_empty());
    outcome
}
