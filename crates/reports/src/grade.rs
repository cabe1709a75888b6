//! The mark of a grade: colour, word and shape, so that it is readable without colour (screens, principle 5; G-6.8.1).

/// How a grade (评价等级) is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    /// One character that stands before the word.
    pub shape: &'static str,
    /// Colour of the shape and of bars as `#RRGGBB`, contrast at least 3:1 on white; the word itself is set in ink.
    pub colour: &'static str,
}

/// The mark of a grade word. Grades are data; a word that the theme does not know gets a neutral mark.
pub(crate) fn mark(grade: &str) -> Mark {
    match grade.trim() {
        "优秀" => Mark { shape: "●", colour: "#1A7F37" },
        "良好" => Mark { shape: "▲", colour: "#1F5FBF" },
        "达标" => Mark { shape: "■", colour: "#B7791F" },
        "不达标" => Mark { shape: "▼", colour: "#C62828" },
        _ => Mark { shape: "○", colour: "#5B6472" },
    }
}
