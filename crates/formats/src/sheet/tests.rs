//! Tables as people and their programs make them, and as nobody should.

use std::io::{Cursor, Write};

use suyuan_domain::clock::{Chance, SeededChance};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
const SPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// A workbook of these sheets (name, state, XML inside `sheetData`, XML behind it) and texts.
fn book(sheets: &[(&str, &str, &str, &str)], texts: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(text.as_bytes()).expect("its bytes");
    };
    put("[Content_Types].xml", TYPES);
    put("_rels/.rels", RELATIONS);
    put("xl/styles.xml", STYLES);
    put("xl/sharedStrings.xml", &format!(r#"<?xml version="1.0"?><sst xmlns="{SPACE}">{texts}</sst>"#));
    let (mut list, mut relations) = (String::new(), String::new());
    for (at, (name, state, rows, behind)) in sheets.iter().enumerate() {
        let id = at + 1;
        list += &format!(r#"<sheet name="{name}" sheetId="{id}" state="{state}" r:id="rId{id}"/>"#);
        relations += &format!(
            r#"<Relationship Id="rId{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{id}.xml"/>"#
        );
        let sheet = format!(
            r#"<?xml version="1.0"?><worksheet xmlns="{SPACE}"><sheetData>{rows}</sheetData>{behind}</worksheet>"#
        );
        put(&format!("xl/worksheets/sheet{id}.xml"), &sheet);
    }
    let space = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    put(
        "xl/workbook.xml",
        &format!(
            r#"<?xml version="1.0"?><workbook xmlns="{SPACE}" xmlns:r="{space}"><sheets>{list}</sheets></workbook>"#
        ),
    );
    put(
        "xl/_rels/workbook.xml.rels",
        &format!(
            r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>"#
        ),
    );
    zip.finish().expect("an archive").into_inner()
}

fn all(bytes: &[u8], limits: &Limits) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    read(Cursor::new(bytes), limits, &mut |part| {
        parts.push(part);
        true
    })?;
    Ok(parts)
}

/// The rows as text, cells with their mark where they have one.
fn rows(bytes: &[u8]) -> Vec<(u32, Vec<String>)> {
    let parts = all(bytes, &Limits::default()).expect("a table");
    let shown = |cell: &Cell| match cell.mark {
        Mark::Plain => cell.text.clone(),
        mark => format!("{}:{}", mark.letter(), cell.text),
    };
    let rows = parts.into_iter().filter_map(|part| match part {
        Part::Row(row) => Some((row.number, row.cells.iter().map(shown).collect())),
        Part::Sheet { .. } => None,
    });
    rows.collect()
}

fn code_of(bytes: &[u8], limits: &Limits) -> String {
    all(bytes, limits).expect_err("a fault").code
}

#[test]
fn g_6_2_1a_a_workbook_says_what_it_did_to_its_cells() {
    let cells = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t> 编码 </t></is></c></row>
        <row r="3"><c r="A3"><v>370202001</v></c><c r="B3"><v>91350100000100043</v></c><c r="C3" s="1"><v>45943</v></c>
        <c r="D3"><f>1+1</f><v>2</v></c><c r="E3"><f>A1</f></c><c r="F3" t="e"><v>#N/A</v></c>
        <c r="G3" t="b"><v>1</v></c><c r="H3"><v>0.30000000000000004</v></c><c r="I3" t="str"><f>T(A1)</f><v>文</v></c></row>
        <row r="4"><c r="A4" s="1"/></row>"#;
    let bytes = book(&[("主体", "visible", cells, "")], "<si><t>名称</t></si>");
    assert_eq!(
        rows(&bytes),
        [
            (1, vec!["名称".to_owned(), "编码".to_owned()]),
            (
                3,
                ["n:370202001", "l:91350100000100048", "2025-10-13", "f:2", "r:", "e:#N/A", "是", "n:0.3", "f:文"]
                    .map(str::to_owned)
                    .to_vec()
            ),
        ]
    );
}

#[test]
fn g_6_2_1a_merged_cells_and_hidden_sheets_are_told_not_guessed() {
    let cells = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>甲</t></is></c><c r="B1"><v>1</v></c></row>
        <row r="2"><c r="B2"><v>2</v></c></row><row r="3"><c r="A3"><v>9</v></c></row>"#;
    let merged = r#"<mergeCells count="1"><mergeCell ref="A1:A2"/></mergeCells>"#;
    let bytes = book(&[("一", "visible", cells, merged), ("二", "hidden", "", "")], "");
    let parts = all(&bytes, &Limits::default()).expect("a table");
    let sheets: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Sheet { name, hidden } => Some((name.as_str(), *hidden)),
            Part::Row(_) => None,
        })
        .collect();
    assert_eq!(sheets, [("一", false), ("二", true)]);
    assert_eq!(rows(&bytes)[1].1, ["m:甲", "n:2"]);
    assert_eq!(rows(&bytes)[2].1, ["n:9"]);
}

#[test]
fn g_6_2_1a_texts_of_any_usual_encoding_and_separator_are_read() {
    let expected =
        vec![(1, vec!["名称".to_owned(), "编码".to_owned()]), (2, vec!["甲,乙".to_owned(), "00370202".to_owned()])];
    let (gbk, _, _) = encoding_rs::GB18030.encode("名称,编码\r\n\"甲,乙\",=\"00370202\"\r\n");
    let mut wide = vec![0xFF, 0xFE];
    wide.extend("名称\t编码\r\n甲,乙\t00370202\r\n".encode_utf16().flat_map(u16::to_le_bytes));
    for bytes in [
        "名称,编码\n\"甲,乙\",00370202\n".as_bytes(),
        "\u{FEFF}名称;编码\r\n甲,乙; 00370202 \r\n".as_bytes(),
        "名称\t编码\n甲,乙\t00370202".as_bytes(),
        &gbk,
        &wide,
    ] {
        assert_eq!(rows(bytes), expected);
    }
    let lines = rows("a,b\n\n,,\n1,\"x\ny\"\n3,4\n".as_bytes());
    assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 4, 6], "lines as an editor shows them");
}

#[test]
fn g_6_2_1a_what_is_no_table_is_told_with_what_to_do() {
    let limits = Limits::default();
    assert_eq!(code_of(b"", &limits), "IMP-0101");
    assert_eq!(code_of(b"PK\x03\x04 and no more", &limits), "IMP-0102");
    assert_eq!(code_of(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], &limits), "IMP-0103");
    assert_eq!(code_of(&[0x89, b'P', b'N', b'G', 0xFF, 0x00, 0xFF], &limits), "IMP-0105");
    let whole = book(&[("一", "visible", r#"<row r="1"><c r="A1"><v>1</v></c></row>"#, "")], "");
    for cut in [10, whole.len() / 2, whole.len() - 5] {
        assert_eq!(code_of(&whole[..cut], &limits), "IMP-0102", "cut at {cut}");
    }
}

#[test]
fn g_6_2_1a_a_table_that_would_fill_the_memory_is_refused() {
    let limits = Limits { unpacked: 4 << 20, rows: 1_000, columns: 50, cell: 100, sheets: 3 };
    let bomb = book(&[("一", "visible", &" ".repeat(8 << 20), "")], "");
    assert!(bomb.len() < 64 << 10, "it is small");
    assert_eq!(code_of(&bomb, &limits), "IMP-0104");
    let texts = book(&[("一", "visible", "", "")], &"<si/>".repeat(900_000));
    assert_eq!(code_of(&texts, &limits), "IMP-0104");
    let wide: String = (0..1_000_000).map(|_| "x,").collect();
    assert_eq!(code_of(wide.as_bytes(), &limits), "IMP-0108");
    let far = r#"<row r="1"><c r="XFD1"><v>1</v></c></row>"#;
    assert_eq!(code_of(&book(&[("一", "visible", far, "")], ""), &limits), "IMP-0108");
    assert_eq!(code_of("a,b\n".repeat(1_001).as_bytes(), &limits), "IMP-0107");
    let many: Vec<_> = ["一", "二", "三", "四"].map(|name| (name, "visible", "", "")).to_vec();
    assert_eq!(code_of(&book(&many, ""), &limits), "IMP-0109");
}

#[test]
fn g_6_2_1a_a_huge_cell_is_cut_and_marked() {
    let limits = Limits { cell: 10, ..Limits::default() };
    let text = format!("a,\"{}\n1,2\n", "很".repeat(1_000_000));
    let parts = all(text.as_bytes(), &limits).expect("a table");
    let Some(Part::Row(row)) = parts.get(1) else { panic!("{parts:?}") };
    assert_eq!(row.cells[1], Cell { text: "很".repeat(10), mark: Mark::TooLong });
    let cell = format!(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>"#, "长".repeat(100_000));
    let parts = all(&book(&[("一", "visible", &cell, "")], ""), &limits).expect("a table");
    assert!(matches!(&parts[1], Part::Row(row) if row.cells[0].mark == Mark::TooLong));
}

#[test]
fn g_6_2_1a_no_bytes_can_break_the_reader() {
    let chance = SeededChance::new(62);
    let cells = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>1e9</v></c></row>"#;
    let workbook =
        book(&[("一", "visible", cells, r#"<mergeCells><mergeCell ref="A1:B9"/></mergeCells>"#)], "<si><t>x</t></si>");
    let text = "名称,编码;\"a\"\n1,\"2\n".as_bytes().to_vec();
    let limits = Limits { unpacked: 1 << 20, ..Limits::default() };
    for sample in [workbook, text] {
        for _ in 0..400 {
            let mut bytes = sample.clone();
            let mut dice = [0; 12];
            chance.fill(&mut dice);
            for trio in dice.chunks(4) {
                let place = usize::from(u16::from_le_bytes([trio[0], trio[1]])) % bytes.len();
                match trio[2] % 3 {
                    0 => bytes[place] = trio[3],
                    1 => drop(bytes.remove(place)),
                    _ => bytes.insert(place, trio[3]),
                }
            }
            let _ = all(&bytes, &limits);
        }
    }
}
