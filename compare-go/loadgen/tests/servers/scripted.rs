//! What servers do wrong, one thing at a time.

use super::support::{OK, PATIENT, only, outcome, pause, plan, server, try_run};
use loadgen::errors::ErrorKind;
use loadgen::http::HEAD_BYTES_MAX;
use loadgen::outcome::Unobserved;
use loadgen::plan::{Fault, Load};
use loadgen::run::{Stop, run};
use loadgen::{Ending, Observer, Snapshot};
use std::io::Write;
use std::net::{Shutdown, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_server_that_is_right_has_no_errors() {
    let mut plan = plan(server(|mut peer| peer.serve()));
    plan.grace = PATIENT;
    let outcome = outcome(&plan);
    assert_eq!(outcome.figures.errors().total(), 0, "{outcome:#?}");
    assert_eq!(outcome.figures.requests().due, 100);
    assert_eq!(outcome.figures.requests().sent, 100);
    assert_eq!(outcome.rate_per_s, Some(200.0));
}

#[test]
fn a_server_that_refuses_is_named_before_anything_is_sent() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = try_run(&plan(nobody)).unwrap_err().to_string();
    assert!(error.contains("hunt-server serve --demo"), "{error}");
}

#[test]
fn a_stall_is_a_time_out_of_each_request_or_unanswered() {
    let patient = only(ErrorKind::Unanswered, |_| {}, |mut peer| peer.stall());
    let requests = patient.figures.requests();
    assert_eq!((requests.due, requests.sent, requests.failed), (100, 4, 100));
    // The first request was waited for to the end of the grace; none is in as if it were fast.
    let latency = patient.figures.latency().quantiles();
    assert!(latency.max >= 990_000_000 && latency.min >= 490_000_000, "{latency:?}");
    let short = |plan: &mut loadgen::Plan| {
        plan.timeout = Duration::from_millis(100);
        plan.connections = Some(40);
    };
    let impatient = only(ErrorKind::Timeout, short, |mut peer| peer.stall());
    assert!(impatient.figures.requests().sent > 40);
}

#[test]
fn garbage_is_malformed() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        "\0\u{1}\u{2}".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 12x\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{}", "a".repeat(HEAD_BYTES_MAX)),
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(),
    ] {
        only(
            ErrorKind::Malformed,
            |_| {},
            move |mut peer| {
                while peer.request() {
                    peer.say(garbage.as_bytes());
                }
            },
        );
    }
}

#[test]
fn an_endless_body_is_cut_off() {
    let outcome = outcome(&plan(server(|mut peer| {
        peer.request();
        peer.say(b"HTTP/1.1 200 OK\r\n\r\n");
        let much = vec![b'a'; 1 << 20];
        while peer.stream.write_all(&much).is_ok() {}
    })));
    let errors = outcome.figures.errors();
    assert!(errors.count(ErrorKind::Malformed) > 0, "{errors:?}");
    assert!(errors.samples()[0].text.contains("8388608 bytes"), "{errors:?}");
}

#[test]
fn a_connection_that_ends_before_its_answer_is_closed_early() {
    only(
        ErrorKind::ClosedEarly,
        |_| {},
        |mut peer| {
            peer.request();
        },
    );
    only(
        ErrorKind::ClosedEarly,
        |_| {},
        |mut peer| {
            peer.request();
            peer.say(&OK[..OK.len() - 1]);
        },
    );
}

#[test]
fn a_reset_is_a_reset() {
    only(
        ErrorKind::Reset,
        |_| {},
        |mut peer| {
            peer.request();
            let socket = socket2::SockRef::from(&peer.stream);
            socket.set_linger(Some(Duration::ZERO)).unwrap();
        },
    );
}

#[test]
fn half_an_answer_times_out() {
    let short = |plan: &mut loadgen::Plan| plan.timeout = Duration::from_millis(100);
    let halves = |mut peer: super::support::Peer| {
        peer.request();
        peer.say(&OK[..30]);
        peer.stall();
    };
    let mut plan = plan(server(halves));
    short(&mut plan);
    let errors = outcome(&plan).figures.errors();
    assert!(errors.count(ErrorKind::Timeout) > 0, "{errors:?}");
    let expected = errors.count(ErrorKind::Timeout) + errors.count(ErrorKind::Unanswered);
    assert_eq!(errors.total(), expected, "{errors:?}");
}

#[test]
fn two_answers_to_one_request_are_one_too_many() {
    only(
        ErrorKind::Unasked,
        |_| {},
        |mut peer| {
            while peer.request() {
                peer.say(&[OK, OK].concat());
            }
        },
    );
}

#[test]
fn a_wrong_status_is_an_error_and_the_connection_goes_on() {
    let outcome = only(
        ErrorKind::Status,
        |_| {},
        |mut peer| {
            while peer.request() {
                peer.say(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
            }
        },
    );
    assert_eq!(outcome.figures.errors().total(), 100);
    assert_eq!(outcome.figures.requests().answered, 100);
}

#[test]
fn connections_that_end_in_order_are_made_anew_without_errors() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"[..],
        b"HTTP/1.1 200 OK\r\n\r\nto the end of the stream",
    ] {
        let mut plan = plan(server(move |mut peer| {
            if peer.request() {
                peer.say(answer);
                let _ = peer.stream.shutdown(Shutdown::Write);
                peer.stall();
            }
        }));
        plan.grace = PATIENT;
        let outcome = outcome(&plan);
        assert_eq!(outcome.figures.errors().total(), 0, "{outcome:#?}");
        assert!(outcome.figures.lanes[0].connections.opened >= 90);
    }
    let mut plan = plan(server(|mut peer| {
        if peer.request() {
            peer.say(OK);
            pause(Duration::from_millis(50));
        }
    }));
    // Each is asked every 300 ms.
    plan.connections = Some(60);
    plan.grace = PATIENT;
    let idle = outcome(&plan);
    assert_eq!(idle.figures.errors().total(), 0, "{idle:#?}");
    assert!(idle.figures.lanes[0].connections.ended_idle > 0);
}

#[test]
fn answers_in_single_bytes_are_answers() {
    let mut plan = plan(server(|mut peer| {
        peer.stream.set_nodelay(true).unwrap();
        while peer.request() {
            for byte in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
            {
                peer.say(&[*byte]);
            }
        }
    }));
    plan.grace = PATIENT;
    let outcome = outcome(&plan);
    assert_eq!(outcome.figures.errors().total(), 0, "{outcome:#?}");
}

#[test]
fn a_server_that_dies_ends_the_run() {
    let listener = Arc::new(Mutex::new(None));
    let dead = Arc::new(AtomicBool::new(false));
    let address = {
        let listening = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listening.local_addr().unwrap();
        *listener.lock().unwrap() = Some(listening.try_clone().unwrap());
        let dead = Arc::clone(&dead);
        std::thread::spawn(move || {
            for stream in listening.incoming().map_while(Result::ok) {
                if dead.load(Ordering::Relaxed) {
                    return;
                }
                let dead = Arc::clone(&dead);
                std::thread::spawn(move || {
                    let mut peer = super::support::Peer { stream };
                    while peer.request() && !dead.load(Ordering::Relaxed) {
                        peer.say(OK);
                    }
                });
            }
        });
        address
    };
    let mut plan = plan(address);
    plan.duration = Duration::from_secs(60);
    std::thread::spawn(move || {
        pause(Duration::from_millis(300));
        dead.store(true, Ordering::Relaxed);
        *listener.lock().unwrap() = None;
        // The thread that accepts notices with the next connection.
        let _ = std::net::TcpStream::connect(address);
    });
    let outcome = outcome(&plan);
    assert_eq!(outcome.ending, Ending::ServerGone, "{outcome:#?}");
    assert!(outcome.measured < Duration::from_secs(30));
    let errors = outcome.figures.errors();
    for kind in [ErrorKind::Refused, ErrorKind::ClosedEarly, ErrorKind::Unanswered] {
        assert!(errors.count(kind) > 0, "{kind:?} in {errors:?}");
    }
    assert!(outcome.figures.requests().right > 0);
}

/// Answers at once, but for half a second in the midst of it.
fn stumbling() -> std::net::SocketAddr {
    server(|mut peer| {
        let mut count = 0;
        while peer.request() {
            count += 1;
            if count == 20 {
                pause(Duration::from_millis(500));
            }
            peer.say(OK);
        }
    })
}

#[test]
fn what_waits_behind_a_stall_has_waited() {
    let mut plan = plan(stumbling());
    plan.connections = Some(1);
    plan.duration = Duration::from_secs(1);
    plan.grace = PATIENT;
    let read = |fault| {
        let plan = loadgen::Plan { fault, ..plan.clone() };
        let outcome = try_run(&plan).unwrap();
        let requests = outcome.figures.requests();
        (requests, outcome.figures.latency().at(0.6))
    };
    let (requests, p60) = read(Fault::None);
    assert_eq!((requests.due, requests.right), (200, 200));
    // 100 of 200 requests were due within the stall, and waited for a quarter of a second or so.
    assert!(p60 >= 50_000_000, "{p60}");
    let (requests, p60) = read(Fault::LatencyFromSend);
    assert_eq!((requests.due, requests.right), (200, 200));
    assert!(p60 < 50_000_000, "{p60}");
    let (requests, p60) = read(Fault::LateDropped);
    assert_eq!(requests.due, 200);
    assert!(requests.sent < 190 && p60 < 50_000_000, "{requests:?} {p60}");
}

#[test]
fn a_closed_loop_asks_when_it_is_answered() {
    let mut plan = plan(server(|mut peer| {
        while peer.request() {
            pause(Duration::from_millis(10));
            peer.say(OK);
        }
    }));
    plan.load = Load::Closed;
    let outcome = outcome(&plan);
    let requests = outcome.figures.requests();
    assert!((20..=4 * 51).contains(&requests.right), "{requests:?}");
    assert!(outcome.figures.latency().quantiles().min >= 10_000_000);
    assert_eq!(outcome.rate_per_s, None);
}

#[test]
fn a_run_ends_with_what_was_measured_when_somebody_ends_it() {
    struct Impatient(Stop);
    impl Observer for Impatient {
        fn snapshot(&mut self, snapshot: &Snapshot<'_>) {
            if snapshot.figures.requests().right > 0 {
                self.0.set();
            }
        }
    }
    let mut plan = plan(server(|mut peer| peer.serve()));
    plan.duration = Duration::from_secs(60);
    let stop = Stop::default();
    let outcome = run(&plan, &stop, &mut Impatient(stop.clone())).unwrap();
    assert_eq!(outcome.ending, Ending::Interrupted);
    let requests = outcome.figures.requests();
    assert!(requests.right >= 100 && requests.right == requests.due, "{requests:?}");
    assert!(outcome.measured < Duration::from_secs(30), "{:?}", outcome.measured);
    let _ = run(&plan, &stop, &mut Unobserved).unwrap_err();
}

#[test]
fn the_warm_up_does_not_count() {
    let mut plan = plan(server(|mut peer| {
        let mut first = true;
        while peer.request() {
            if std::mem::take(&mut first) {
                pause(Duration::from_millis(100));
            }
            peer.say(OK);
        }
    }));
    plan.warmup = Duration::from_secs(2);
    plan.grace = PATIENT;
    let outcome = outcome(&plan);
    assert_eq!(outcome.figures.requests().due, 100);
    assert!(outcome.warmup.requests().right > 0, "{:?}", outcome.warmup.requests());
    assert!(outcome.warmup.latency().quantiles().max >= 100_000_000);
}
