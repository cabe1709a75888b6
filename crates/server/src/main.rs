//! The binary `suyuan`: one program for every tier and role.

use std::process::ExitCode;

fn main() -> ExitCode {
    suyuan_server::command::main()
}
