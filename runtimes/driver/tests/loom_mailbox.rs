//! The mailbox under every interleaving that loom can find:
//! `RUSTFLAGS="--cfg loom" cargo test -p driver --release --test loom_mailbox`.
#![cfg(loom)]

use driver::mailbox::Mailbox;
use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;
use std::future::poll_fn;
use std::task::Poll;

/// Receives until `count` messages have come. A lost wake-up is a deadlock, which loom reports.
async fn receive(mailbox: &Mailbox<u8>, count: usize) -> Vec<u8> {
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    while all.len() < count {
        poll_fn(|cx| mailbox.poll_receive(cx, &mut batch)).await;
        assert!(!batch.is_empty(), "ready with nothing");
        all.append(&mut batch);
    }
    all
}

fn send(mailbox: &Arc<Mailbox<u8>>, messages: &'static [u8]) -> thread::JoinHandle<()> {
    let mailbox = Arc::clone(mailbox);
    thread::spawn(move || messages.iter().for_each(|message| mailbox.send(*message)))
}

#[test]
fn no_message_and_no_wake_up_of_two_senders_is_lost() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::new());
        let senders = [send(&mailbox, &[1]), send(&mailbox, &[2])];
        let mut all = block_on(receive(&mailbox, 2));
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

#[test]
fn a_sender_keeps_its_order() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::new());
        let sender = send(&mailbox, &[1, 2, 3]);
        assert_eq!(block_on(receive(&mailbox, 3)), [1, 2, 3]);
        sender.join().unwrap();
    });
}

#[test]
fn a_receiver_that_moved_to_another_task_is_the_one_that_is_woken() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::new());
        // A first task looks, and is gone before anything came.
        block_on(poll_fn(|cx| {
            assert!(mailbox.poll_receive(cx, &mut Vec::new()).is_pending());
            Poll::Ready(())
        }));
        let sender = send(&mailbox, &[1]);
        assert_eq!(block_on(receive(&mailbox, 1)), [1]);
        sender.join().unwrap();
    });
}
