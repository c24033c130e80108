//! Source files as the tidy rules read them.

use std::path::{Path, PathBuf};

/// A file with its text, and its text with comments and string literals blanked out.
pub(crate) struct Source {
    /// The path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// The text as it is.
    pub(crate) text: String,
    code: String,
}

impl Source {
    /// Reads the file at a path from the root of the repository.
    pub(crate) fn read(path: &Path) -> Self {
        let full = root().join(path);
        let text = std::fs::read_to_string(&full)
            .unwrap_or_else(|error| panic!("{}: {error}", full.display()));
        let code = blanked(&text);
        Self { path: path.to_string_lossy().replace('\\', "/"), text, code }
    }

    /// The text in which comments and string literals are spaces; lines stay where they are.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// The lines of the code, numbered from 1.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The line, from 1, of a place in the code.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Name, line and number of lines of each function; relies on the formatter's indentation.
    pub(crate) fn functions(&self) -> Vec<(String, usize, usize)> {
        let lines: Vec<&str> = self.code.lines().collect();
        let mut found = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let Some(name) = function_name(line) else { continue };
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[index..].iter().position(|line| line.trim_end() == end);
            if let Some(length) = length {
                found.push((name, index + 1, length + 1));
            }
        }
        found
    }
}

fn function_name(line: &str) -> Option<String> {
    let mut rest = line.trim_start();
    for prefix in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async "] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    let one_line = line.trim_end().ends_with(['}', ';']);
    (!one_line).then(|| name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files with the extension below a folder of the repository; none if there is no such folder.
pub(crate) fn folder(path: &str, extension: &str) -> Vec<Source> {
    files_below(Path::new(path))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| Source::read(&path))
        .collect()
}

/// All text files of the repository that people write.
pub(crate) fn repository_files() -> Vec<Source> {
    let text = ["rs", "toml", "html", "css", "js", "md", "sql", "json", "txt", "snap"];
    ["src", "tests", "templates", "labels", "migrations", "docs", "README.md", "CHANGELOG.md"]
        .iter()
        .flat_map(|path| files_below(Path::new(path)))
        .filter(|path| {
            path.extension().is_some_and(|found| text.iter().any(|known| found == *known))
        })
        .map(|path| Source::read(&path))
        .collect()
}

fn files_below(path: &Path) -> Vec<PathBuf> {
    let full = root().join(path);
    if full.is_file() {
        return vec![path.to_owned()];
    }
    let Ok(entries) = std::fs::read_dir(&full) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names.iter().flat_map(|name| files_below(&path.join(name))).collect()
}

/// Rust text with comments, strings and character literals replaced by spaces.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` itself if none begins there.
fn literal_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    let after_name = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if next == Some('/') => find(chars, at, |c| c == '\n'),
        '/' if next == Some('*') => {
            let mut end = at + 2;
            while end < chars.len() && !(chars[end - 1] == '*' && chars[end] == '/') {
                end += 1;
            }
            (end + 1).min(chars.len())
        }
        '"' => quoted_end(chars, at, '"'),
        'r' if !after_name && matches!(next, Some('"' | '#')) => raw_end(chars, at),
        '\'' if next == Some('\\') => quoted_end(chars, at, '\''),
        '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn find(chars: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|at| wanted(chars[*at])).unwrap_or(chars.len())
}

fn quoted_end(chars: &[char], at: usize, quote: char) -> usize {
    let mut end = at + 1;
    while end < chars.len() && chars[end] != quote {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    (end + 1).min(chars.len())
}

fn raw_end(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return at;
    }
    let mut end = open + 1;
    while end < chars.len() {
        let closed = chars[end] == '"'
            && chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        if closed {
            return end + 1 + hashes;
        }
        end += 1;
    }
    chars.len()
}

/// Texts of an askama page that stand in it bare, with their line: words between tags, and words in
/// the attributes that a person reads, that no filter can translate. The product's name is the same in every language.
pub(crate) fn bare_texts(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let plain = without_instructions(page);
    let mut line = 1;
    let mut rest = plain.as_str();
    while let Some(open) = rest.find('<') {
        note_words(&mut found, line, &rest[..open]);
        line += rest[..open].matches('\n').count();
        rest = &rest[open..];
        let end = tag_end(rest);
        let tag = &rest[..end];
        for attribute in ["placeholder", "title", "aria-label", "alt"] {
            if let Some(value) = attribute_of(tag, attribute) {
                note_words(&mut found, line, value);
            }
        }
        line += tag.matches('\n').count();
        rest = &rest[end..];
    }
    note_words(&mut found, line, rest);
    found
}

fn attribute_of<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The length of the tag or comment at the start of `rest`, quotes respected.
fn tag_end(rest: &str) -> usize {
    if rest.starts_with("<!--") {
        return rest.find("-->").map_or(rest.len(), |at| at + 3);
    }
    let mut quoted = false;
    for (at, c) in rest.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn note_words(found: &mut Vec<(usize, String)>, line: usize, text: &str) {
    for (index, row) in text.lines().enumerate() {
        let mut run = 0;
        let mut word = false;
        for c in row.replace("Chorda", "").chars() {
            run = if c.is_alphabetic() { run + 1 } else { 0 };
            word |= run >= 3;
        }
        if word && !row.trim().starts_with('&') {
            found.push((line + index, row.trim().to_owned()));
        }
    }
}

/// The page with `{{ … }}`, `{% … %}` and `{# … #}` replaced by spaces.
fn without_instructions(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(open) = rest.find(['{']) {
        let close = match rest[open..].chars().nth(1) {
            Some('{') => "}}",
            Some('%') => "%}",
            Some('#') => "#}",
            _ => {
                out.push_str(&rest[..=open]);
                rest = &rest[open + 1..];
                continue;
            }
        };
        out.push_str(&rest[..open]);
        let end = rest[open..].find(close).map_or(rest.len(), |at| open + at + 2);
        out.extend(rest[open..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[test]
fn comments_and_texts_are_blanked_and_code_is_not() {
    let text = "a(\"x.unwrap()\"); // panic!\nb('\"', r#\"f64 \"q\" \"#); /* f32 */ c<'a>(d)";
    let code = blanked(text);
    assert!(!code.contains("unwrap") && !code.contains("panic") && !code.contains("f64"));
    assert!(!code.contains("f32") && code.contains("c<'a>(d)") && code.lines().count() == 2);
}

#[test]
fn bare_words_of_a_page_are_found_and_translated_ones_are_not() {
    let page = "<p title=\"Bare\">{{ \"Good\"|t }}</p>\n<b>Words here</b>{% if a > b %}";
    let found = bare_texts(page);
    assert_eq!(found, [(1, "Bare".to_owned()), (2, "Words here".to_owned())]);
}
