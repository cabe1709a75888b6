//! XLSX: read back with another library.

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use suyuan_reports::{EvaluationEdition, render_xlsx};

use crate::sample::{HOSTILE, edition, keep};

type Failure = Box<dyn std::error::Error>;

fn read(edition: &EvaluationEdition, sheet: &str) -> Result<Range<Data>, Failure> {
    let mut book = Xlsx::new(Cursor::new(render_xlsx(edition)?))?;
    Ok(book.worksheet_range(sheet)?)
}

#[test]
fn g_6_8_3_the_workbook_holds_the_ranking_with_numbers_as_numbers() -> Result<(), Failure> {
    let edition = edition(60);
    keep("evaluation.xlsx", &render_xlsx(&edition)?);
    let ranking = read(&edition, "评价排名")?;
    assert_eq!(ranking.height(), 61);
    assert_eq!(ranking.get((1, 0)), Some(&Data::Float(1.0)));
    assert_eq!(ranking.get((1, 2)), Some(&Data::String("91370200MA10000001".to_owned())));
    assert_eq!(ranking.get((1, 4)), Some(&Data::Float(98.1)));
    assert_eq!(ranking.get((1, 5)), Some(&Data::String("● 优秀".to_owned())));
    assert_eq!(ranking.get((50, 4)), Some(&Data::String("不适用".to_owned())));
    // Nine names, eight values: the last column is missing and not empty.
    assert_eq!(ranking.get((1, 15)), Some(&Data::String("—".to_owned())));
    Ok(())
}

#[test]
fn g_6_8_3_the_three_states_without_a_value_stay_apart() -> Result<(), Failure> {
    let divisions = read(&edition(1), "区划分布")?;
    let of =
        |code: &str| divisions.rows().find(|row| row[0] == Data::String(code.to_owned())).map(|row| row[2].clone());
    assert_eq!(of("110000"), Some(Data::Float(60.0)));
    assert_eq!(of("150000"), Some(Data::Float(0.0)));
    assert_eq!(of("650000"), Some(Data::String("— 缺失".to_owned())));
    assert_eq!(of("540000"), Some(Data::String("未接入".to_owned())));
    Ok(())
}

#[test]
fn text_from_data_is_never_a_formula() -> Result<(), Failure> {
    let mut edition = edition(1);
    edition.rows[0].name = "=HYPERLINK(\"x\")".to_owned();
    edition.rows[0].score = "=1+1".to_owned();
    edition.notes[0] = HOSTILE.to_owned();
    edition.title = "标题\u{1}\u{202E}".to_owned();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(render_xlsx(&edition)?))?;
    let ranking = book.worksheet_range("评价排名")?;
    assert_eq!(ranking.get((1, 1)), Some(&Data::String("=HYPERLINK(\"x\")".to_owned())));
    assert_eq!(ranking.get((1, 4)), Some(&Data::String("=1+1".to_owned())));
    for sheet in book.sheet_names() {
        let formulas = book.worksheet_formula(&sheet)?;
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()), "{sheet}");
    }
    let remarks = book.worksheet_range("建议与说明")?;
    assert!(remarks.rows().any(|row| row[1] == Data::String(HOSTILE.to_owned())));
    Ok(())
}

#[test]
fn the_same_edition_gives_the_same_workbook() -> Result<(), Failure> {
    let mut edition = edition(5);
    assert!(render_xlsx(&edition)? == render_xlsx(&edition)?);
    edition.generated_at = "unreadable".to_owned();
    assert!(render_xlsx(&edition)? == render_xlsx(&edition)?);
    Ok(())
}
