//! The form of a result: for people, for programs, or for spreadsheets.

use serde::Serialize;

use super::exit::Exit;
use super::output;

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people
    #[default]
    Table,
    /// For programs; its form is versioned by `schema`
    Json,
}

/// The form of a result that is a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TableForm {
    /// For people
    #[default]
    Table,
    /// For programs; its form is versioned by `schema`
    Json,
    /// For spreadsheets: flat rows under a header
    Csv,
}

/// The form of a result that is for people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
pub(crate) struct FormArgs {
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
    /// The same as `--output json`
    #[arg(long, hide = true, conflicts_with = "output")]
    json: bool,
}

impl FormArgs {
    /// The form that is wanted.
    pub(crate) fn form(self) -> Form {
        if self.json { Form::Json } else { self.output }
    }

    /// Whether it is for programs.
    pub(crate) fn is_json(self) -> bool {
        self.form() == Form::Json
    }
}

/// Prints rows as CSV. None of their members may hold others.
pub(super) fn csv<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Exit {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = rows.into_iter().try_for_each(|row| writer.serialize(row));
    let text = written.and_then(|()| {
        let text = writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?;
        Ok(text)
    });
    match text {
        Ok(text) => {
            let text = String::from_utf8_lossy(&text);
            output::result(text.trim_end_matches('\n'));
            Exit::Ok
        }
        Err(wrong) => {
            output::talk(format_args!("campaign-autopilot: {wrong}"));
            Exit::Internal
        }
    }
}
