//! The body of an insert, kept until it is complete: in memory while small, in a spool file beyond that.
//!
//! Whether the body is complete is known only at its end; the engine commits what it was given, so it is given
//! nothing before. It leaves to others: the meaning of the bytes.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::io::AsyncWriteExt as _;

/// Bodies up to this size stay in memory.
const MEMORY_BYTES: usize = 16 << 20;
/// No body may be larger than this.
const MAX_BYTES: usize = 4 << 30;
/// Size of the pieces read back from a spool file.
const PIECE_BYTES: usize = 1 << 20;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Why a body was not received.
#[derive(Debug)]
pub(super) enum BodyError {
    /// The client went away or broke the framing.
    Cut,
    /// Larger than allowed.
    TooLarge,
    /// The spool file failed.
    Io(io::Error),
}

/// A complete body.
#[derive(Debug)]
pub(super) enum Spool {
    /// In memory, in the pieces it arrived in.
    Memory(Vec<Bytes>),
    /// In a file, removed when dropped.
    File(TempFile),
}

/// A file that removes itself.
#[derive(Debug)]
pub(super) struct TempFile(PathBuf);

impl Drop for TempFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(%error, "未能删除暂存文件");
        }
    }
}

impl Spool {
    /// Receives a whole body.
    pub(super) async fn receive<B>(mut body: B, folder: &Path) -> Result<Self, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut pieces = Vec::new();
        let mut length = 0_usize;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Cut)?.into_data() else {
                continue;
            };
            length += data.len();
            pieces.push(data);
            if length > MEMORY_BYTES {
                return Self::to_file(body, pieces, folder).await;
            }
        }
        Ok(Self::Memory(pieces))
    }

    async fn to_file<B>(mut body: B, pieces: Vec<Bytes>, folder: &Path) -> Result<Self, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{number}.part"));
        let mut file = tokio::fs::File::create(&path).await.map_err(BodyError::Io)?;
        let guard = TempFile(path);
        let mut length = 0_usize;
        for piece in pieces {
            length += piece.len();
            file.write_all(&piece).await.map_err(BodyError::Io)?;
        }
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Cut)?.into_data() else {
                continue;
            };
            length += data.len();
            if length > MAX_BYTES {
                return Err(BodyError::TooLarge);
            }
            file.write_all(&data).await.map_err(BodyError::Io)?;
        }
        file.flush().await.map_err(BodyError::Io)?;
        Ok(Self::File(guard))
    }

    /// Gives the bytes in order to `take` until it returns false.
    ///
    /// # Errors
    /// The spool file could not be read back.
    pub(super) fn drain(self, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        match self {
            Self::Memory(pieces) => {
                for piece in pieces {
                    if !piece.is_empty() && !take(&piece) {
                        break;
                    }
                }
            }
            Self::File(guard) => {
                let mut file = File::open(&guard.0)?;
                let mut piece = vec![0; PIECE_BYTES];
                loop {
                    let length = file.read(&mut piece)?;
                    let read = piece.get(..length).unwrap_or_default();
                    if read.is_empty() || !take(read) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    async fn length_after(pieces: usize, cut: bool) -> Result<Option<usize>, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let piece = Bytes::from(vec![7_u8; 1 << 20]);
        let end = cut.then(|| Err(io::Error::other("cut")));
        let frames = (0..pieces).map(move |_| Ok(Frame::data(piece.clone()))).chain(end);
        let received = Spool::receive(StreamBody::new(stream::iter(frames)), folder.path()).await;
        let length = match received {
            Ok(spool) => {
                let mut length = 0;
                spool.drain(|read| {
                    length += read.len();
                    true
                })?;
                Some(length)
            }
            Err(_) => None,
        };
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
        Ok(length)
    }

    #[tokio::test]
    async fn a_body_comes_back_whole_or_not_at_all() -> Result<(), Box<dyn std::error::Error>> {
        assert_eq!(length_after(0, false).await?, Some(0));
        assert_eq!(length_after(3, false).await?, Some(3 << 20));
        assert_eq!(length_after(40, false).await?, Some(40 << 20));
        assert_eq!(length_after(3, true).await?, None);
        assert_eq!(length_after(40, true).await?, None);
        Ok(())
    }
}
