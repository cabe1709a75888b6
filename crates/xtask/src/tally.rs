//! Counting results: reads the summaries of the test runners and adds them up. A flaky browser test counts as failed,
//! and a runner that ends badly without naming a failure counts as one failure.

/// Passed and failed so far, with the name of each failure.
#[derive(Default)]
pub struct Tally {
    /// Tests and checks that passed.
    pub passed: u64,
    /// Tests and checks that failed.
    pub failed: u64,
    /// One line for each failure that has a name.
    pub failures: Vec<String>,
}

/// Numbers of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, were flaky or did not run.
    pub failed: u64,
}

impl Tally {
    /// One check that passes or fails as a whole.
    pub fn check(&mut self, title: &str, success: bool) {
        if success {
            self.passed += 1;
        } else {
            self.fail(title);
        }
    }

    /// One failure.
    pub fn fail(&mut self, text: impl Into<String>) {
        self.failed += 1;
        self.failures.push(text.into());
    }

    /// The result of a runner with many tests.
    pub fn runner(&mut self, title: &str, counts: Counts, names: Vec<String>, success: bool) {
        self.passed += counts.passed;
        self.failed += counts.failed;
        if counts.failed > 0 && names.is_empty() {
            self.failures.push(format!("{title}: {} failed", counts.failed));
        }
        self.failures.extend(names);
        if counts == Counts::default() && success {
            self.fail(format!("{title}: no test ran"));
        } else if counts.failed == 0 && !success {
            self.fail(format!("{title}: ended with an error"));
        }
    }

    /// Nothing failed, and something was tested.
    pub fn is_good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

/// Adds the `test result:` lines of `cargo test`.
pub fn cargo_counts(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in output.lines() {
        if let Some(rest) = line.trim().strip_prefix("test result:") {
            counts.passed += number_before(rest, "passed");
            counts.failed += number_before(rest, "failed");
        }
    }
    counts
}

/// Names of failed tests in the output of `cargo test`.
pub fn cargo_failures(output: &str) -> Vec<String> {
    output
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
        .map(|name| format!("test {name}"))
        .collect()
}

/// Reads the `Tests  1 failed | 2 passed (3)` line of Vitest. A test file that could not be loaded has no tests, so
/// failed files count when no test failed.
pub fn vitest_counts(output: &str) -> Counts {
    let mut counts = Counts::default();
    let mut failed_files = 0;
    for line in plain(output).lines() {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("Tests ") {
            counts.passed += number_before(rest, "passed");
            counts.failed += number_before(rest, "failed");
        } else if let Some(rest) = line.strip_prefix("Test Files ") {
            failed_files += number_before(rest, "failed");
        }
    }
    counts.failed = counts.failed.max(failed_files);
    counts
}

/// Reads the closing lines of Playwright: `2 passed (3.0s)`, `1 failed`, `1 flaky`, `1 did not run`, `1 interrupted`.
pub fn playwright_counts(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in plain(output).lines() {
        let Some((number, rest)) = line.trim().split_once(' ') else {
            continue;
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        let word = rest.split(" (").next().unwrap_or(rest);
        match word {
            "passed" => counts.passed += number,
            "failed" | "flaky" | "did not run" | "interrupted" => counts.failed += number,
            _ => {}
        }
    }
    counts
}

/// The number written directly before a word; 0 when there is none.
fn number_before(text: &str, word: &str) -> u64 {
    let mut before = None;
    for part in text.split_whitespace() {
        if part.trim_end_matches([';', ',']) == word {
            return before.unwrap_or(0);
        }
        before = part.parse().ok();
    }
    0
}

/// Without the colour sequences of a terminal.
fn plain(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            let _ = chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            result.push(c);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64) -> Counts {
        Counts { passed, failed }
    }

    #[test]
    fn cargo_results_are_added() {
        let output = "test a::b ... ok\ntest a::c ... FAILED\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n\
            test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        assert_eq!(cargo_counts(output), counts(13, 1));
        assert_eq!(cargo_failures(output), ["test a::c"]);
    }

    #[test]
    fn vitest_results_are_read_with_and_without_colour() {
        let coloured = "\u{1b}[2m Test Files \u{1b}[22m 2 passed (2)\n\
            \u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[31m1 failed\u{1b}[39m\u{1b}[22m | \u{1b}[32m5 passed\u{1b}[39m | 1 skipped (7)\n";
        assert_eq!(vitest_counts(coloured), counts(5, 1));
        assert_eq!(vitest_counts(" Test Files  1 passed (1)\n      Tests  4 passed (4)\n"), counts(4, 0));
        assert_eq!(vitest_counts(" Test Files  1 failed | 1 passed (2)\n      Tests  4 passed (4)\n"), counts(4, 1));
    }

    #[test]
    fn playwright_results_are_read_and_flaky_is_failed() {
        let output = "Running 9 tests using 1 worker\n  1 failed\n    [chromium] › a.spec.ts:1:1 › x\n  1 flaky\n    [chromium] › b.spec.ts:1:1 › y\n  2 skipped\n  2 did not run\n  5 passed (1.2m)\n";
        assert_eq!(playwright_counts(output), counts(5, 4));
    }

    #[test]
    fn a_runner_that_ends_badly_without_a_failure_is_one_failure() {
        let mut tally = Tally::default();
        tally.runner("rust", counts(3, 0), Vec::new(), false);
        assert_eq!((tally.passed, tally.failed), (3, 1));
        assert_eq!(tally.failures, ["rust: ended with an error"]);
        assert!(!tally.is_good());
    }

    #[test]
    fn a_runner_without_tests_and_an_empty_tally_are_not_good() {
        assert!(!Tally::default().is_good());
        let mut tally = Tally::default();
        tally.runner("rust", Counts::default(), Vec::new(), true);
        assert_eq!(tally.failures, ["rust: no test ran"]);
    }

    #[test]
    fn checks_count_one_each() {
        let mut tally = Tally::default();
        tally.check("format", true);
        assert!(tally.is_good());
        tally.check("lint", false);
        assert_eq!((tally.passed, tally.failed), (1, 1));
    }
}
