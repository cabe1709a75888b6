//! Bodies that a handler leaves unread are read to their end, within bounds: closing the connection on a sender who is
//! still sending resets it, and the answer that says what is wrong is lost on the way.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use futures::{Stream, StreamExt};
use tokio::runtime::Handle;

/// Most bytes read after the answer is known.
const MOST: usize = 64 << 20;

/// Longest time spent on it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same body, of which the rest is read when it is dropped.
pub(crate) fn lingering(body: Body) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::from_stream(Lingering { rest: Some(body.into_data_stream()) })
}

struct Lingering {
    /// What is not read yet; `None` after the end.
    rest: Option<BodyDataStream>,
}

impl Stream for Lingering {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = self.rest.as_mut() else { return Poll::Ready(None) };
        let polled = rest.poll_next_unpin(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        polled
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.rest.take(), Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(PATIENCE, drain(rest)));
        }
    }
}

async fn drain(mut rest: BodyDataStream) {
    let mut left = MOST;
    while let Some(Ok(bytes)) = rest.next().await {
        let Some(after) = left.checked_sub(bytes.len()) else { return };
        left = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    #[tokio::test]
    async fn g_8_a_body_that_is_refused_halfway_is_read_to_its_end() {
        let (read, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, end) = (read.clone(), ended.clone());
        let parts = futures::stream::iter(0..100).map(move |_| {
            if count.fetch_add(1, Ordering::SeqCst) == 99 {
                end.notify_one();
            }
            Ok::<_, std::io::Error>(Bytes::from_static(&[7; 1024]))
        });
        let mut body = lingering(Body::from_stream(parts)).into_data_stream();
        assert!(body.next().await.is_some_and(|first| first.is_ok()));
        drop(body);
        ended.notified().await;
        assert_eq!(read.load(Ordering::SeqCst), 100);
    }
}
