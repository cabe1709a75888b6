//! Pictures of the public: JPEG or PNG by their first bytes, and nothing in them but the picture.
//!
//! Where and with what a picture was taken stands in metadata; it is cut away before anything is stored. Rows: G-6.9b,
//! G-10.4.

use suyuan_domain::fault::Fault;

/// Greatest size of a picture, in bytes.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;

const PNG: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n'];

/// Chunks of a PNG that make up what is seen.
const PNG_CHUNKS: [&[u8; 4]; 9] = [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs"];

/// A picture without metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `image/jpeg` or `image/png`.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Checks a picture and cuts its metadata away.
///
/// # Errors
/// When it is too large, of another form, or damaged.
pub fn clean(bytes: &[u8]) -> Result<Picture, Fault> {
    if bytes.len() > MAX_BYTES {
        return Err(Fault::new("CMP-0105", "photo", "图片超过 5 MB", "请压缩后重新上传"));
    }
    let (media_type, cleaned) = if bytes.starts_with(&PNG) {
        ("image/png", png(bytes))
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        ("image/jpeg", jpeg(bytes))
    } else {
        return Err(Fault::new("CMP-0106", "photo", "图片格式不支持", "请上传 JPEG 或 PNG 图片"));
    };
    let damaged = || Fault::new("CMP-0107", "photo", "图片文件已损坏", "请重新拍摄或另存后上传");
    cleaned.map(|bytes| Picture { media_type, bytes }).ok_or_else(damaged)
}

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kept = PNG.to_vec();
    let mut rest = &bytes[PNG.len()..];
    loop {
        let length = usize::try_from(u32::from_be_bytes(rest.get(..4)?.try_into().ok()?)).ok()?;
        let chunk = rest.get(..length.checked_add(12)?)?;
        let name: &[u8; 4] = chunk.get(4..8)?.try_into().ok()?;
        if kept.len() == PNG.len() && name != b"IHDR" {
            return None;
        }
        if PNG_CHUNKS.contains(&name) {
            kept.extend_from_slice(chunk);
        }
        if name == b"IEND" {
            return Some(kept);
        }
        rest = &rest[chunk.len()..];
    }
}

fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kept = bytes.get(..2)?.to_vec();
    let mut at = 2;
    let mut scanned = false;
    loop {
        if *bytes.get(at)? != 0xFF {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            // Fill bytes before a marker.
            0xFF => at += 1,
            0xD9 => {
                kept.extend_from_slice(&[0xFF, 0xD9]);
                return scanned.then_some(kept);
            }
            0x00 | 0x01 | 0xD0..=0xD8 => return None,
            _ => {
                let length = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
                let segment = bytes.get(at..at.checked_add(length.max(2) + 2)?)?;
                at += segment.len();
                // APP0 holds the density, APP14 the colour transform; other APPn and comments are about the photographer.
                let metadata = matches!(marker, 0xE1..=0xED | 0xEF | 0xFE);
                if !metadata {
                    kept.extend_from_slice(segment);
                }
                if marker == 0xDA {
                    let data = scan(bytes.get(at..)?)?;
                    kept.extend_from_slice(data);
                    at += data.len();
                    scanned = true;
                }
            }
        }
    }
}

/// The coded data up to the next marker that is no restart marker.
fn scan(bytes: &[u8]) -> Option<&[u8]> {
    let next = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7);
    bytes.windows(2).position(next).map(|end| &bytes[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len() + 2).expect("short").to_be_bytes();
        [&[0xFF, marker], length.as_slice(), body].concat()
    }

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).expect("short").to_be_bytes();
        [length.as_slice(), name, body, &[1, 2, 3, 4]].concat()
    }

    fn photo(with_metadata: bool) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8];
        bytes.extend(segment(0xE0, b"JFIF\0"));
        if with_metadata {
            bytes.extend(segment(0xE1, b"Exif\0\0GPS 36.07N 120.38E"));
            bytes.extend(segment(0xFE, b"taken by"));
        }
        bytes.extend(segment(0xDB, &[0; 65]));
        bytes.extend(segment(0xDA, &[1, 1, 0, 0, 63, 0]));
        bytes.extend([0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56]);
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    #[test]
    fn g_6_9b_where_a_picture_was_taken_is_cut_away() {
        let mut jpeg = photo(true);
        jpeg.extend_from_slice(b"GPS behind the end");
        let picture = clean(&jpeg).expect("a picture");
        assert_eq!((picture.media_type, &picture.bytes), ("image/jpeg", &photo(false)));

        let body = |text: bool| {
            let mut bytes = PNG.to_vec();
            bytes.extend(chunk(b"IHDR", &[0; 13]));
            if text {
                bytes.extend(chunk(b"tEXt", b"GPS"));
                bytes.extend(chunk(b"eXIf", b"GPS"));
            }
            bytes.extend(chunk(b"IDAT", &[9; 20]));
            bytes.extend(chunk(b"IEND", &[]));
            bytes
        };
        let picture = clean(&body(true)).expect("a picture");
        assert_eq!((picture.media_type, &picture.bytes), ("image/png", &body(false)));
    }

    #[test]
    fn g_6_9b_other_files_are_refused_and_damage_is_no_panic() {
        let code = |bytes: &[u8]| clean(bytes).err().map(|fault| fault.code);
        assert_eq!(code(b"<svg onload=alert(1)>").as_deref(), Some("CMP-0106"));
        assert_eq!(code(b"").as_deref(), Some("CMP-0106"));
        assert_eq!(code(&vec![0xFF; MAX_BYTES + 1]).as_deref(), Some("CMP-0105"));
        let whole = photo(true);
        for end in 3..whole.len() {
            assert_eq!(code(&whole[..end]).as_deref(), Some("CMP-0107"), "cut at {end}");
        }
        let mut png = PNG.to_vec();
        png.extend([0xFF; 40]);
        assert_eq!(code(&png).as_deref(), Some("CMP-0107"));
    }
}
