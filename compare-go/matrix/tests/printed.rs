//! What the generator really prints is what the matrix reads: a load on its null server, and its
//! report through the view that figures are made from.

mod support;

use loadgen::null_server::{Answering, serve};
use matrix::bundle::generator::{Detail, Printed, kept};
use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::thread;
use support::Folder;

#[test]
fn a_report_of_the_generator_is_understood() {
    let folder = Folder::new("printed");
    let file = folder.path.join("report.json");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (end, ended) = UnixStream::pair().unwrap();
    let server = thread::spawn(move || serve(&listener, Answering::default(), &ended).unwrap());
    let args = ["hunt-load", "get", "--url", &url, "--path", "/", "--connections", "4"];
    let times = ["--rate", "200", "--duration", "2s", "--warmup", "200ms"];
    let output = ["--format", "json", "--quiet", "--out", file.to_str().unwrap()];
    // Its exit code may say that a busy machine made the figures doubtful.
    let _ = loadgen::cli::main(args.into_iter().chain(times).chain(output).map(Into::into));
    drop(end);
    let served = server.join().unwrap();

    let text = fs::read_to_string(&file).unwrap();
    let printed = Printed::read(&kept(&text, Detail::Seconds).unwrap()).unwrap();
    assert!(printed.outcome.is_complete(), "{}", printed.outcome.ending);
    assert_eq!(printed.outcome.rate_per_s, Some(200.0));
    assert!((1.99..2.01).contains(&printed.outcome.measured.seconds()));
    let requests = printed.outcome.figures.requests();
    assert_eq!((requests.due, requests.right, requests.failed), (400, 400, 0));
    assert!(served.answers >= requests.right);
    assert_eq!(printed.outcome.figures.errors(), 0);
    for operation in printed.outcome.figures.operations() {
        assert_eq!((operation.latency.count(), operation.lag.count()), (400, 400));
    }
    assert!(!printed.validity.checks.is_empty() && !printed.outcome.figures.workers.is_empty());
    let counted = printed.outcome.seconds.iter().filter(|second| second.phase == "measured");
    assert_eq!(counted.map(|second| second.requests.right).sum::<u64>(), 400);
    let whole = Printed::read(&kept(&text, Detail::Whole).unwrap()).unwrap();
    assert!(whole.outcome.seconds.is_empty());
}
