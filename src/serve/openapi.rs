//! The description of the admin API, in the `OpenAPI` form; tests compare it with what is served.

/// The description, as it is served.
pub(super) const DESCRIPTION: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::operations::ROUTES;
    use super::*;

    #[test]
    fn every_operation_that_is_served_is_described_and_no_other() {
        let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
        let paths = description["paths"].as_object().unwrap();
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(|method| (path.clone(), method.to_uppercase()))
            })
            .collect();
        let served: BTreeSet<(String, String)> = ROUTES
            .iter()
            .flat_map(|(path, operations)| {
                let methods = operations.iter().map(|(method, _)| *method);
                methods.map(|method| ((*path).to_owned(), method.to_owned()))
            })
            .collect();
        assert_eq!(served, described);
    }
}
