//! Lists: a line of column names, then one line for each row, with tabs between the fields and nothing quoted.

/// A list, read by the names of its columns: older systems have fewer of them.
pub(super) struct Table {
    text: String,
    separator: char,
}

/// One row, and where its columns are.
pub(super) struct TableRow<'a> {
    names: &'a [&'a str],
    fields: Vec<&'a str>,
}

impl Table {
    /// Takes an answer whose fields have tabs between them. Bytes that are no text become marks, in names that nobody decides by.
    pub(super) fn read(body: &[u8]) -> Self {
        Self {
            text: String::from_utf8_lossy(body).into_owned(),
            separator: '\t',
        }
    }

    /// Calls `row` for each row.
    ///
    /// # Errors
    /// When the first line has not these columns.
    pub(super) fn rows(
        &self,
        needed: &[&str],
        mut row: impl FnMut(&TableRow<'_>),
    ) -> Result<(), String> {
        let mut lines = self.text.lines();
        let head = lines.next().unwrap_or_default();
        let names: Vec<&str> = head.split(self.separator).map(str::trim).collect();
        if let Some(missing) = needed.iter().find(|name| !names.contains(name)) {
            return Err(format!("the list has no column {missing}"));
        }
        for line in lines.filter(|line| !line.trim().is_empty()) {
            row(&TableRow {
                names: &names,
                fields: line.split(self.separator).collect(),
            });
        }
        Ok(())
    }
}

impl TableRow<'_> {
    /// A field by the name of its column.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let place = self.names.iter().position(|known| *known == name)?;
        self.fields.get(place).copied()
    }

    /// A field that a row has to have.
    pub(super) fn need(&self, name: &str) -> Result<&str, String> {
        self.get(name)
            .filter(|field| !field.is_empty())
            .ok_or_else(|| format!("a row has no {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_names() {
        let table = Table::read(b"a\tb\tc\n1\tZo\xeb, \"x\"|y\t\n\n2\t\n");
        let mut seen = Vec::new();
        let read = table.rows(&["b", "a"], |row| {
            let text = |name| row.get(name).map(str::to_owned);
            seen.push((text("a"), text("c"), row.need("b").map(str::to_owned)));
        });
        assert_eq!(read, Ok(()));
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].0.as_deref(), Some("1"));
        assert!(seen[0].2.as_ref().is_ok_and(|name| name.starts_with("Zo")));
        assert_eq!(seen[1].1, None);
        assert!(seen[1].2.is_err());
        assert!(table.rows(&["d"], |_| {}).is_err());
        assert!(Table::read(b"").rows(&["a"], |_| {}).is_err());
    }
}
