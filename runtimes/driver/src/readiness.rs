//! Reading and writing where the system tells readiness: what such backends share.

use crate::buffers;
use crate::runtime::{BufResult, WriteHalf};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::{io, mem};

/// Appends to `buf` what `read` reads into a buffer that is held for this call only, unless `buf`
/// has no memory and takes it over. So an idle connection holds none.
pub fn append<T>(buf: &mut Vec<u8>, read: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut leased = buffers::lease();
    let result = read(&mut leased);
    buffers::append(buf, leased);
    result
}

/// Writes all of `buf`; `writable` waits until the socket takes more.
pub async fn write_all<W, F>(writer: &W, buf: Vec<u8>, writable: impl Fn() -> F) -> BufResult<()>
where
    W: WriteHalf,
    F: Future<Output = io::Result<()>>,
{
    let mut written = 0;
    while written < buf.len() {
        let result = match writer.try_write(&buf[written..]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => writable().await.map(|()| 0),
            result => result,
        };
        match result {
            Ok(count) => written += count,
            Err(error) => return (Err(error), buf),
        }
    }
    (Ok(()), buf)
}

/// [`write_all`] where no future is needed to wait: `poll_writable` does. It keeps no more than the
/// buffer and a place in it, which makes the task of every connection smaller.
pub fn poll_write_all<W: WriteHalf>(
    writer: &W,
    mut buf: Vec<u8>,
    poll_writable: impl Fn(&W, &mut Context<'_>) -> Poll<io::Result<()>>,
) -> impl Future<Output = BufResult<()>> {
    let mut written = 0;
    poll_fn(move |cx| {
        while written < buf.len() {
            let result = match writer.try_write(&buf[written..]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(poll_writable(writer, cx)).map(|()| 0)
                }
                result => result,
            };
            match result {
                Ok(count) => written += count,
                Err(error) => return Poll::Ready((Err(error), mem::take(&mut buf))),
            }
        }
        Poll::Ready((Ok(()), mem::take(&mut buf)))
    })
}
