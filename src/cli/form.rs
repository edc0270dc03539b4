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

/// The form of a result that is a table, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
pub(super) struct TableFormArgs {
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: TableForm,
    /// The same as `--output json`
    #[arg(long, hide = true, conflicts_with = "output")]
    json: bool,
}

impl TableFormArgs {
    /// The form that is wanted.
    pub(super) fn form(self) -> TableForm {
        if self.json {
            TableForm::Json
        } else {
            self.output
        }
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Command;

    use crate::cli::entry::command_line;

    /// Commands without the form, and why each has none.
    const WITHOUT: [(&str, &str); 9] = [
        ("run", "it is the daemon, whose log has a form of its own"),
        ("simulate", "it is a platform, and prints no result"),
        ("audit export", "each row is a line of JSON already"),
        ("export", "--format has the forms of its records"),
        ("config init", "it prints a settings file"),
        ("config schema", "it prints a JSON Schema"),
        ("completions", "it prints the script of a shell"),
        ("man", "it prints a manual page"),
        ("rules", "it prints a file of rules for Prometheus"),
    ];

    /// The commands that have none of their own, with their names.
    fn leaves(command: &Command, name: &str, found: &mut BTreeMap<String, Command>) {
        for inner in command.get_subcommands() {
            let name = format!("{name} {}", inner.get_name());
            let name = name.trim_start();
            if inner.has_subcommands() {
                leaves(inner, name, found);
            } else {
                found.insert(name.to_owned(), inner.clone());
            }
        }
    }

    #[test]
    fn every_result_has_a_form_for_programs() {
        let mut commands = BTreeMap::new();
        leaves(&command_line(), "", &mut commands);
        assert!(commands.len() > 40, "{:?}", commands.keys());
        for (name, command) in &commands {
            let has = |id: &str| command.get_arguments().any(|arg| arg.get_id() == id);
            let without = WITHOUT.iter().find(|(one, _)| one == name);
            match without {
                Some((_, why)) => assert!(!has("output"), "{name} has a form, though {why}"),
                None => assert!(
                    has("output") && has("json"),
                    "{name} lacks -o table|json or --json; give it FormArgs, or say here why not"
                ),
            }
        }
        for (name, _) in WITHOUT {
            assert!(commands.contains_key(name), "there is no {name}");
        }
    }
}
