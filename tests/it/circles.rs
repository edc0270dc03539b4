//! Finds files that import each other in a circle, by what their `use` lines and paths name.
//!
//! A name that a `mod.rs` passes on counts as the file's that defines it. Declarations of modules, and what is there for
//! tests only, import nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A module by its path from the crate's root.
type Module = Vec<String>;

/// A circle: each file with the path by which it names the next one, the first one's last.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Circle {
    /// Every file that is in circles with the others.
    pub(crate) files: Vec<String>,
    /// One way round.
    pub(crate) way: Vec<String>,
}

/// Every circle among `sources`, which are texts by their paths below `src`.
pub(crate) fn circles(sources: &BTreeMap<String, String>) -> Vec<Circle> {
    let crate_ = Crate::read(sources);
    let imports: BTreeMap<&Module, BTreeMap<&Module, String>> = crate_
        .modules
        .keys()
        .map(|module| (module, crate_.imports(module)))
        .collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = imports
        .keys()
        .map(|module| (*module, reached(module, &imports)))
        .collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (module, reaches) in &reached {
        if seen.contains(module) || !reaches.contains(module) {
            continue;
        }
        let both = reaches
            .iter()
            .filter(|other| reached[**other].contains(module));
        let circle: BTreeSet<&Module> = both.copied().collect();
        found.push(Circle {
            files: circle.iter().map(|one| crate_.file(one)).collect(),
            way: crate_.way(module, &imports),
        });
        seen.extend(circle);
    }
    found
}

fn reached<'m>(
    from: &'m Module,
    imports: &BTreeMap<&'m Module, BTreeMap<&'m Module, String>>,
) -> BTreeSet<&'m Module> {
    let mut found = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        next.extend(imports[module].keys().filter(|to| found.insert(**to)));
    }
    found
}

struct Crate {
    modules: BTreeMap<Module, Names>,
    files: BTreeMap<Module, String>,
}

/// What one file names.
#[derive(Default)]
struct Names {
    uses: Vec<Use>,
    paths: BTreeSet<Vec<String>>,
    test_modules: Vec<String>,
}

struct Use {
    path: Vec<String>,
    /// The name that it gives to this file; `*` for all.
    name: String,
    public: bool,
}

impl Crate {
    fn read(sources: &BTreeMap<String, String>) -> Self {
        let mut files = BTreeMap::new();
        let mut modules = BTreeMap::new();
        for (file, text) in sources.iter().filter(|(file, _)| *file != "main.rs") {
            let mut module: Module = file
                .trim_end_matches(".rs")
                .split('/')
                .map(str::to_owned)
                .collect();
            if module
                .last()
                .is_some_and(|last| last == "mod" || last == "lib")
            {
                module.pop();
            }
            files.insert(module.clone(), file.clone());
            modules.insert(module, Names::of(text));
        }
        let tests: Vec<Module> = modules
            .iter()
            .flat_map(|(module, names)| {
                let children = names.test_modules.iter();
                children.map(|child| [module.as_slice(), std::slice::from_ref(child)].concat())
            })
            .collect();
        modules.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        Self { modules, files }
    }

    fn file(&self, module: &Module) -> String {
        self.files[module].clone()
    }

    /// The modules that a module names, each with a path by which it does.
    fn imports(&self, module: &Module) -> BTreeMap<&Module, String> {
        let names = &self.modules[module];
        // What a `mod.rs` or the root passes on, it does not use.
        let passes_on = |one: &Use| {
            let file = &self.files[module];
            one.public && (file.ends_with("mod.rs") || file == "lib.rs")
        };
        let uses = names.uses.iter().filter(|one| !passes_on(one));
        let paths = uses.map(|one| &one.path).chain(&names.paths);
        let mut found = BTreeMap::new();
        for path in paths {
            let Some(to) = self.resolve(module, path, &mut BTreeSet::new()) else {
                continue;
            };
            if to != module {
                found.entry(to).or_insert_with(|| path.join("::"));
            }
        }
        found
    }

    /// The module that defines what `path` names in `module`; none if it is not of this crate.
    fn resolve<'c>(
        &'c self,
        module: &[String],
        path: &[String],
        asked: &mut BTreeSet<(Module, String)>,
    ) -> Option<&'c Module> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.defined(&[], rest, asked),
            "self" => self.defined(module, rest, asked),
            "super" => {
                let (_, parent) = module.split_last()?;
                let above = rest.iter().take_while(|part| *part == "super").count();
                let parent = parent.get(..parent.len().checked_sub(above)?)?;
                self.defined(parent, &rest[above..], asked)
            }
            name => {
                let child = [module, &[name.to_owned()]].concat();
                let used = |one: &Use| one.name == name && one.path.first() != path.first();
                if self.modules.contains_key(&child) {
                    self.defined(module, path, asked)
                } else {
                    let names = self.modules.get(module)?;
                    let used = names.uses.iter().find(|one| used(one))?;
                    let path = [used.path.as_slice(), rest].concat();
                    let again = !asked.insert((module.to_vec(), name.to_owned()));
                    if again {
                        None
                    } else {
                        self.resolve(module, &path, asked)
                    }
                }
            }
        }
    }

    /// The same for a path that begins in `module`.
    fn defined<'c>(
        &'c self,
        module: &[String],
        path: &[String],
        asked: &mut BTreeSet<(Module, String)>,
    ) -> Option<&'c Module> {
        let child = |many: usize| [module, &path[..many]].concat();
        let deepest = (0..=path.len())
            .rev()
            .find(|many| self.modules.contains_key(&child(*many)))?;
        let (owner, names) = self.modules.get_key_value(&child(deepest))?;
        let (Some(name), rest) = (path.get(deepest), path.get(deepest + 1..)) else {
            return Some(owner);
        };
        if asked.insert((owner.clone(), name.clone()))
            && let Some(passed_on) = names.uses.iter().find(|one| one.name == *name)
        {
            let path = [&passed_on.path, rest.unwrap_or_default()].concat();
            return self.resolve(owner, &path, asked).or(Some(owner));
        }
        Some(owner)
    }

    /// The shortest way from a module back to it.
    fn way(
        &self,
        from: &Module,
        imports: &BTreeMap<&Module, BTreeMap<&Module, String>>,
    ) -> Vec<String> {
        let mut before: BTreeMap<&Module, &Module> = BTreeMap::new();
        let mut next = VecDeque::from([from]);
        while let Some(module) = next.pop_front() {
            for to in imports[module].keys() {
                if before.contains_key(to) {
                    continue;
                }
                before.insert(to, module);
                next.push_back(to);
            }
        }
        let mut way = Vec::new();
        let mut to = from;
        loop {
            let module = before[to];
            way.push(format!(
                "{} names {}",
                self.file(module),
                imports[module][to]
            ));
            if module == from {
                break;
            }
            to = module;
        }
        way.reverse();
        way
    }
}

impl Names {
    fn of(text: &str) -> Self {
        let tokens = tokens(text);
        let mut names = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            if rest.starts_with(&TEST_ONLY.map(str::to_owned)) {
                at += TEST_ONLY.len();
                at += names.skip_item(&tokens[at..]);
            } else if rest[0] == "use" && rest.get(1).is_some_and(|next| next != "<") {
                let end = rest.iter().position(|token| token == ";");
                let end = end.unwrap_or(rest.len());
                let public = at > 0 && ["pub", ")"].contains(&tokens[at - 1].as_str());
                names.take_tree(&rest[1..end], &[], public);
                at += end;
            } else if is_name(&rest[0]) {
                let mut path = vec![rest[0].clone()];
                while rest
                    .get(path.len() * 2 - 1)
                    .is_some_and(|token| token == "::")
                    && rest.get(path.len() * 2).is_some_and(|token| is_name(token))
                {
                    path.push(rest[path.len() * 2].clone());
                }
                at += path.len() * 2 - 1;
                if path.len() > 1 {
                    names.paths.insert(path);
                }
            } else {
                at += 1;
            }
        }
        names
    }

    /// Passes over the item behind an attribute, and gives its length.
    fn skip_item(&mut self, tokens: &[String]) -> usize {
        if let Some(name) = tokens.iter().position(|token| token == "mod")
            && tokens.get(name + 2).is_some_and(|token| token == ";")
            && tokens[..name]
                .iter()
                .all(|token| token != "{" && token != ";")
        {
            self.test_modules.push(tokens[name + 1].clone());
        }
        let mut depth = 0_usize;
        for (at, token) in tokens.iter().enumerate() {
            match token.as_str() {
                "{" => depth += 1,
                "}" if depth <= 1 => return at + 1,
                "}" => depth -= 1,
                ";" if depth == 0 => return at + 1,
                _ => {}
            }
        }
        tokens.len()
    }

    /// Takes a tree of a `use` apart.
    fn take_tree(&mut self, tree: &[String], before: &[String], public: bool) {
        let open = tree.iter().position(|token| token == "{");
        let Some(open) = open else {
            let (path, name) = match tree.iter().position(|token| token == "as") {
                Some(at) => (&tree[..at], tree.get(at + 1)),
                None => (tree, tree.last()),
            };
            let path = path.iter().filter(|token| *token != "::").cloned();
            let mut path: Vec<String> = before.iter().cloned().chain(path).collect();
            let mut name = name.cloned();
            // `a::{self}` names `a`.
            if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                path.pop();
                name = name.filter(|name| name != "self").or(path.last().cloned());
            }
            if path.last().is_some_and(|last| last == "*") {
                path.pop();
            }
            if let Some(name) = name {
                self.uses.push(Use { path, name, public });
            }
            return;
        };
        let prefix = tree[..open].iter().filter(|token| *token != "::").cloned();
        let before: Vec<String> = before.iter().cloned().chain(prefix).collect();
        let mut depth = 0_usize;
        let mut begin = open + 1;
        for at in open + 1..tree.len() {
            match tree[at].as_str() {
                "{" => depth += 1,
                "}" if depth > 0 => depth -= 1,
                "," | "}" if depth == 0 => {
                    if begin < at {
                        self.take_tree(&tree[begin..at], &before, public);
                    }
                    begin = at + 1;
                }
                _ => {}
            }
        }
    }
}

const TEST_ONLY: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and single marks; texts and comments are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else if is_name(&first.to_string()) {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let end = end.unwrap_or(rest.len());
            found.push(rest.split_at(end).0.to_owned());
            end
        } else if rest.starts_with("::") {
            found.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                found.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = rest.split_at(length).1;
    }
    found
}

/// The length of the text or letter that stands here, quotes included.
fn literal(rest: &str) -> Option<usize> {
    let raw = rest.trim_start_matches('b');
    let prefix = rest.len() - raw.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = raw.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw.split_at(hashes).1.starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = hashes + 1;
            let length = raw.split_at(begin).1.find(&end)? + end.len();
            return Some(prefix + 1 + begin + length);
        }
        return None;
    }
    let quote = raw.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    let mut escaped = false;
    for (at, letter) in raw.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return Some(prefix + at + 1),
            // A lifetime has no end quote.
            _ if quote == '\'' && at > 1 && raw.as_bytes()[1] != b'\\' => return None,
            _ => {}
        }
    }
    None
}

fn sources(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(file, text): &(&str, &str)| ((*file).to_owned(), (*text).to_owned());
    files.iter().map(owned).collect()
}

#[test]
fn a_circle_is_found_through_what_a_folder_passes_on() {
    let found = circles(&sources(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a/mod.rs",
            "mod one;\nmod two;\npub(crate) use one::{One, Other};",
        ),
        (
            "a/one.rs",
            "use crate::b::{self, B as Bee};\npub struct One;",
        ),
        ("a/two.rs", "use super::One;"),
        ("b.rs", "pub struct B;\nfn b() -> crate::a::One { todo!() }"),
    ]));
    let expected = Circle {
        files: vec!["a/one.rs".to_owned(), "b.rs".to_owned()],
        way: vec![
            "a/one.rs names crate::b".to_owned(),
            "b.rs names crate::a::One".to_owned(),
        ],
    };
    assert_eq!(found, [expected]);
}

#[test]
fn a_path_behind_an_imported_module_counts() {
    let found = circles(&sources(&[
        ("a.rs", "use super::b;\nfn a() { b::run() }"),
        (
            "b.rs",
            "fn b<'x>() { let c = 'c'; let s = \"{\"; super::a::a() }",
        ),
    ]));
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn declarations_tests_comments_and_texts_import_nothing() {
    let found = circles(&sources(&[
        (
            "a.rs",
            "use super::b::B;\n// use super::c::C;\nconst T: &str = r#\"use super::c::C;\"#;",
        ),
        (
            "b.rs",
            "#[cfg(test)]\nmod tests { use super::super::a::A; fn f() {} }\npub struct B;",
        ),
        (
            "c/mod.rs",
            "mod inner;\n#[cfg(test)]\nmod shown;\npub use inner::C;",
        ),
        (
            "c/inner.rs",
            "use crate::a;\n#[cfg(test)]\nuse super::shown;",
        ),
        ("c/shown.rs", "use super::inner;"),
    ]));
    assert_eq!(found, []);
}
