//! Captcha (验证码): a picture of bent characters, or a sum in words for people who cannot see it.
//!
//! Only makes the task and compares the answer. That a task is used once and for three minutes, and when one is asked for,
//! is decided in `service`. What really stops guessing is the lock and the throttle; this slows programs down. The
//! characters are drawn here, so that no font is needed. Rows, H-9.

use suyuan_crypto::hash::constant_time_eq;
use suyuan_crypto::random::{Entropy, array};

use crate::{Result, SecurityError};

/// Width of the picture in pixels.
pub const WIDTH: usize = 160;
/// Height of the picture in pixels.
pub const HEIGHT: usize = 56;

/// Characters of a picture.
const CHARS: usize = 5;

/// A character with its seven rows of five points, the highest bit left.
type Glyph = (u8, [u8; 7]);

/// Characters that nobody mistakes for another one, even bent.
const GLYPHS: [Glyph; 22] = [
    (b'2', [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111]),
    (b'3', [0b11110, 0b00001, 0b00001, 0b01110, 0b00001, 0b00001, 0b11110]),
    (b'4', [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010]),
    (b'5', [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110]),
    (b'6', [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110]),
    (b'7', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000]),
    (b'9', [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100]),
    (b'A', [0b00100, 0b01010, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001]),
    (b'C', [0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110]),
    (b'E', [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111]),
    (b'F', [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b10000]),
    (b'H', [0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001]),
    (b'K', [0b10001, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010, 0b10001]),
    (b'L', [0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111]),
    (b'M', [0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001]),
    (b'N', [0b10001, 0b11001, 0b10101, 0b10101, 0b10011, 0b10001, 0b10001]),
    (b'P', [0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000]),
    (b'R', [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001]),
    (b'T', [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100]),
    (b'W', [0b10001, 0b10001, 0b10001, 0b10101, 0b10101, 0b11011, 0b10001]),
    (b'X', [0b10001, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001, 0b10001]),
    (b'Y', [0b10001, 0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b00100]),
];

/// A task with its answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Task {
    /// What is to be typed; never shown.
    pub answer: String,
    /// What is shown.
    pub shown: Shown,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task(..)")
    }
}

/// What a person is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A PNG picture.
    Picture(Vec<u8>),
    /// A question in words, which programs for the blind read aloud.
    Question(String),
}

/// A picture with five characters.
///
/// # Errors
/// When the source of randomness fails.
pub fn picture(entropy: &dyn Entropy) -> Result<Task> {
    let drawn = array::<CHARS>(entropy)?;
    // 256 is no multiple of 22; the small inequality does not help anybody to guess.
    let glyphs: Vec<&Glyph> = drawn.iter().map(|byte| &GLYPHS[usize::from(*byte) % GLYPHS.len()]).collect();
    let answer = glyphs.iter().map(|(code, _)| char::from(*code)).collect();
    let mut pixels = vec![0; WIDTH * HEIGHT];
    entropy.fill(&mut pixels)?;
    // Light noise everywhere.
    pixels.iter_mut().for_each(|pixel| *pixel = 216 + *pixel % 40);
    write(&mut pixels, &glyphs, &array::<24>(entropy)?);
    strike(&mut pixels, &array::<12>(entropy)?);
    Ok(Task { answer, shown: Shown::Picture(encoded(&pixels)?) })
}

/// A random byte as a number between -1 and 1.
fn swing(byte: u8) -> f32 {
    f32::from(byte) / 127.5 - 1.0
}

/// Draws the characters, each turned and sized by itself, all bent by two waves.
fn write(pixels: &mut [u8], glyphs: &[&Glyph], random: &[u8; 24]) {
    let (phase, other) = (swing(random[0]) * 3.0, swing(random[1]) * 3.0);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (px, py) = (x as f32, y as f32);
            let u = px + 2.0 * (py / 11.0 + phase).sin();
            let v = py + 2.5 * (px / 18.0 + other).sin();
            let inked = glyphs.iter().enumerate().any(|(place, (_, rows))| {
                let own = &random[2 + place * 4..6 + place * 4];
                let centre_x = 20.0 + place as f32 * 30.0 + 2.0 * swing(own[0]);
                let centre_y = 28.0 + 4.0 * swing(own[1]);
                let (sin, cos) = (0.3 * swing(own[2])).sin_cos();
                let size = 5.0 + 0.5 * swing(own[3]);
                let (dx, dy) = (u - centre_x, v - centre_y);
                let column = (dx * cos + dy * sin) / size + 2.5;
                let row = (dy * cos - dx * sin) / size + 3.5;
                let inside = (0.0..5.0).contains(&column) && (0.0..7.0).contains(&row);
                inside && rows[row as usize] & (0b10000 >> column as usize) != 0
            });
            if inked {
                pixels[y * WIDTH + x] /= 4;
            }
        }
    }
}

/// Draws two lines across the picture, lighter than the characters, so that people still read these.
fn strike(pixels: &mut [u8], random: &[u8; 12]) {
    for line in random.chunks_exact(6) {
        let (from, to) = (f32::from(line[0]) * 56.0 / 256.0, f32::from(line[1]) * 56.0 / 256.0);
        let (wave, phase) = (4.0 + 3.0 * swing(line[2]), swing(line[3]) * 3.0);
        for x in 0..WIDTH {
            let part = x as f32 / WIDTH as f32;
            let y = from + (to - from) * part + wave * (part * 9.0 + phase).sin();
            if (0.0..HEIGHT as f32).contains(&y) {
                pixels[y as usize * WIDTH + x] = 120 + line[4] % 40;
            }
        }
    }
}

fn encoded(pixels: &[u8]) -> Result<Vec<u8>> {
    let failed = |_| SecurityError::Captcha;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH as u32, HEIGHT as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

const NUMBERS: [&str; 21] = [
    "零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五", "十六",
    "十七", "十八", "十九", "二十",
];

/// A sum in words.
///
/// # Errors
/// When the source of randomness fails.
pub fn question(entropy: &dyn Entropy) -> Result<Task> {
    let [first, second, sort, phrase] = array::<4>(entropy)?;
    let (a, b) = (usize::from(first % 19) + 2, usize::from(second % 9) + 1);
    let (word, answer) = match sort % 3 {
        0 => ("加", a + b),
        1 if a >= b => ("减", a - b),
        1 => ("加", a + b),
        _ => ("乘以", a * b),
    };
    let (a, b) = (NUMBERS[a], NUMBERS[b]);
    let text = match phrase % 3 {
        0 => format!("请计算：{a}{word}{b}等于几？"),
        1 => format!("{a}{word}{b}是多少？请用数字回答"),
        _ => format!("算一算，{a}{word}{b}得几？"),
    };
    Ok(Task { answer: answer.to_string(), shown: Shown::Question(text) })
}

/// Whether what was typed is the answer: blanks and cases do not matter.
#[must_use]
pub fn is_answer(answer: &str, typed: &str) -> bool {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    constant_time_eq(answer.as_bytes(), plain.to_ascii_uppercase().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use suyuan_crypto::random::SeededEntropy;

    #[test]
    fn h_9_a_picture_shows_ink_and_is_another_each_time() {
        let entropy = SeededEntropy::new(3);
        let mut seen = BTreeSet::new();
        for _ in 0..50 {
            let task = picture(&entropy).expect("a picture");
            assert_eq!(task.answer.len(), CHARS);
            let Shown::Picture(bytes) = task.shown else { panic!("no picture") };
            let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().expect("a PNG");
            let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
            reader.next_frame(&mut pixels).expect("a frame");
            let dark = pixels.iter().filter(|pixel| **pixel < 110).count();
            assert!((900..4000).contains(&dark), "{dark} dark points");
            assert!(seen.insert(bytes));
        }
    }

    #[test]
    fn h_9_a_question_is_answered_with_a_number() {
        let entropy = SeededEntropy::new(4);
        for _ in 0..300 {
            let task = question(&entropy).expect("a question");
            let number: u32 = task.answer.parse().expect("a number");
            assert!(number <= 180);
            let Shown::Question(text) = task.shown else { panic!("no question") };
            assert!(!text.contains(&task.answer) && text.chars().count() > 6, "{text}");
        }
    }

    #[test]
    fn h_9_blanks_and_cases_do_not_matter_and_length_does() {
        assert!(is_answer("A2C4E", " a2c 4e"));
        for wrong in ["", "A2C4", "A2C4EE", "A2C4F"] {
            assert!(!is_answer("A2C4E", wrong), "{wrong}");
        }
        assert!(!is_answer("A2C4E", &"A2C4E".repeat(1000)));
    }
}
