//! Statements, written once for both engines.
//!
//! In a file there is one tenant, in a server's tables there are several and each row names its own. So a statement has marks where
//! that matters: `{tenant}` stands in a list of columns, `{its}` in the list of their values, and `{mine}` is the condition that a row is
//! the tenant's. Places are `?1`, `?2` and so on.

use super::sql_fault::{SqlFault, SqlResult};

/// The mark in a list of columns.
const COLUMN: &str = "{tenant}";

/// The mark in a list of values.
const VALUE: &str = "{its}";

/// The mark that is a condition.
const CONDITION: &str = "{mine}";

/// A statement as `SQLite` takes it.
pub(super) fn for_file(statement: &str) -> SqlResult<String> {
    marked(statement)?;
    let bare = statement.replace(COLUMN, "").replace(VALUE, "");
    Ok(bare.replace(CONDITION, "TRUE"))
}

/// A statement as a server takes it: places are `$1` and so on, and the tenant stands behind the last of them.
pub(super) fn for_server(statement: &str) -> SqlResult<String> {
    marked(statement)?;
    let mut text = String::with_capacity(statement.len().saturating_add(32));
    let mut last = 0_u32;
    let mut rest = statement;
    while let Some((before, behind)) = rest.split_once('?') {
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = behind.split_at_checked(digits).unwrap_or(("", behind));
        last = last.max(number.parse().unwrap_or_default());
        text.push_str(before);
        text.push('$');
        text.push_str(number);
        rest = behind;
    }
    text.push_str(rest);
    let tenant = last.saturating_add(1);
    let text = text.replace(COLUMN, "tenant, ");
    let text = text.replace(VALUE, &format!("${tenant}, "));
    Ok(text.replace(CONDITION, &format!("tenant = ${tenant}")))
}

/// A statement that forgets whose rows it is about would mix tenants: it is refused by either engine, so that no test passes with it.
fn marked(statement: &str) -> SqlResult<()> {
    if statement.contains(VALUE) || statement.contains(CONDITION) {
        return Ok(());
    }
    Err(SqlFault::Unmarked(statement.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_vanish_in_a_file() {
        let insert = "INSERT INTO run ({tenant}number) VALUES ({its}?1)";
        assert_eq!(
            for_file(insert).unwrap(),
            "INSERT INTO run (number) VALUES (?1)"
        );
        let select = "SELECT number FROM run WHERE {mine} AND number > ?1";
        assert_eq!(
            for_file(select).unwrap(),
            "SELECT number FROM run WHERE TRUE AND number > ?1"
        );
    }

    #[test]
    fn on_a_server_each_row_names_its_tenant() {
        let insert = "INSERT INTO run ({tenant}number) VALUES ({its}?1)";
        assert_eq!(
            for_server(insert).unwrap(),
            "INSERT INTO run (tenant, number) VALUES ($2, $1)"
        );
        let select = "SELECT number FROM run WHERE {mine} AND (?2 IS NULL OR number > ?1)";
        assert_eq!(
            for_server(select).unwrap(),
            "SELECT number FROM run WHERE tenant = $3 AND ($2 IS NULL OR number > $1)"
        );
        assert_eq!(
            for_server("DELETE FROM run WHERE {mine}").unwrap(),
            "DELETE FROM run WHERE tenant = $1"
        );
    }

    #[test]
    fn a_statement_that_names_no_tenant_is_refused() {
        let wrong = for_file("DELETE FROM run").unwrap_err();
        assert!(wrong.to_string().contains("DELETE FROM run"), "{wrong}");
    }
}
