//! A world as files: JSON lines for what is sent, JSON and CSV for what has to come out.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use crate::{World, WorldError};

pub(crate) fn write(world: &World, folder: &Path) -> Result<(), WorldError> {
    fs::create_dir_all(folder)?;
    lines(&folder.join("registrations.jsonl"), world.registrations())?;
    lines(&folder.join("calls.jsonl"), world.calls())?;
    let truth = world.truth();
    lines(&folder.join("chains.jsonl"), truth.chains.iter())?;
    table(&folder.join("totals.csv"), truth.totals.iter())?;
    table(&folder.join("anomalies.csv"), truth.anomalies.iter())?;
    lines(&folder.join("systems.jsonl"), truth.systems.iter())?;
    Ok(())
}

fn lines<T: Serialize>(path: &Path, rows: impl Iterator<Item = T>) -> Result<(), WorldError> {
    let mut file = BufWriter::new(File::create(path)?);
    for row in rows {
        serde_json::to_writer(&mut file, &row)?;
        file.write_all(b"\n")?;
    }
    file.flush()?;
    Ok(())
}

fn table<'a, T: Serialize + 'a>(path: &Path, rows: impl Iterator<Item = &'a T>) -> Result<(), WorldError> {
    let mut file = csv::Writer::from_path(path)?;
    for row in rows {
        file.serialize(row)?;
    }
    file.flush()?;
    Ok(())
}
