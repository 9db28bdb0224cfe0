//! Cuts a text into sentences and these into words, numbers, names and marks.

use super::numbers::{self, Number, Written};
use super::spelled;

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Lower case, without digits.
    Word(String),
    /// A number that may claim something.
    Number(Number),
    /// A word with digits, such as `p0420` or `o2`, or a date.
    Name(String),
    /// Punctuation, also `<`, `>`, `≤`, `≥`, `~`, `±`, `-` and `/`.
    Mark(char),
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) | Self::Name(word) => Some(word),
            _ => None,
        }
    }
}

/// The sentences of a text.
pub(super) fn sentences(text: &str) -> Vec<Vec<Token>> {
    let plain = plain(text);
    let mut sentences = vec![Vec::new()];
    let mut scanner = Scanner {
        text: &plain,
        lower: plain.to_ascii_lowercase(),
        at: 0,
    };
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Token(token) => {
                if let Some(sentence) = sentences.last_mut() {
                    sentence.push(token);
                }
            }
            Piece::End => sentences.push(Vec::new()),
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// One spelling for look-alikes: signs, blanks, digits and degrees. Markup for emphasis is dropped.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '‐' | '‑' | '‒' | '–' | '—' | '−' | '﹣' | '－' => plain.push('-'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => {
                plain.push(numbers::NARROW_BLANK);
            }
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '*' | '`' => {}
            '’' | '‘' | 'ʼ' | '′' => plain.push('\''),
            '“' | '”' | '„' => plain.push('"'),
            '％' => plain.push('%'),
            'º' | '˚' => plain.push('°'),
            '℃' => plain.push_str("°C"),
            '℉' => plain.push_str("°F"),
            '≈' | '≃' | '∼' | '～' => plain.push('~'),
            '＋' => plain.push('+'),
            '０'..='９' => plain.extend(char::from_u32(u32::from(c) - 0xff10 + 0x30)),
            '₂' => plain.push('2'),
            '…' => plain.push_str("..."),
            c => plain.push(c),
        }
    }
    for (from, to) in [
        ("^\\circ", "°"),
        ("\\circ", "°"),
        ("° C", "°C"),
        ("° F", "°F"),
        (">=", "≥"),
        ("<=", "≤"),
        ("+/-", "±"),
        ("mass-air-flow", "mass air flow"),
    ] {
        if plain.contains(from) {
            plain = plain.replace(from, to);
        }
    }
    plain
}

enum Piece {
    Token(Token),
    End,
}

struct Scanner<'a> {
    text: &'a str,
    /// Of the same length as `text`.
    lower: String,
    at: usize,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<Piece> {
        loop {
            let c = self.text[self.at..].chars().next()?;
            if c == '\n' {
                self.at += 1;
                return Some(Piece::End);
            }
            if c.is_whitespace() || c == numbers::NARROW_BLANK {
                self.at += c.len_utf8();
                continue;
            }
            if let Some((written, end)) = numbers::read(self.text, &self.lower, self.at) {
                self.at = end;
                return Some(Piece::Token(match written {
                    Written::Number(number) => Token::Number(number),
                    Written::Name(name) => Token::Name(name),
                }));
            }
            if let Some((number, end)) = spelled::read(&self.lower, self.at) {
                self.at = end;
                return Some(Piece::Token(Token::Number(number)));
            }
            if is_letter(c) {
                return Some(Piece::Token(self.word()));
            }
            let joins = c == '-' && self.text[..self.at].ends_with(char::is_alphanumeric);
            self.at += c.len_utf8();
            let rest = &self.text[self.at..];
            if joins && rest.starts_with(char::is_alphabetic) {
                continue;
            }
            let ends = rest.is_empty()
                || rest.starts_with(|next: char| {
                    next.is_whitespace() || next == numbers::NARROW_BLANK || "\"')".contains(next)
                });
            return Some(match c {
                '.' | '!' | '?' if ends && !self.after_an_abbreviation(c) => Piece::End,
                ';' => Piece::End,
                c if c.is_numeric() => Piece::Token(Token::Name(c.to_string())),
                c => Piece::Token(Token::Mark(c)),
            });
        }
    }

    /// A run of letters, digits and underscores.
    fn word(&mut self) -> Token {
        let rest = &self.lower[self.at..];
        let length = rest
            .find(|c: char| !(is_letter(c) || c.is_numeric() || c == '\''))
            .unwrap_or(rest.len());
        self.at += length;
        let word = rest[..length].trim_end_matches('\'');
        let word = word.strip_suffix("'s").unwrap_or(word).to_owned();
        if word.chars().any(char::is_numeric) {
            Token::Name(word)
        } else {
            Token::Word(word)
        }
    }

    fn after_an_abbreviation(&self, mark: char) -> bool {
        let before = &self.lower[..self.at - 1];
        let next_is_lower = self.text[self.at..]
            .trim_start()
            .starts_with(|c: char| c.is_lowercase() || c.is_numeric());
        mark == '.'
            && ([
                "e.g", "i.e", "approx", " vs", " ca", " avg", "(avg", " deg", " incl",
            ]
            .iter()
            .any(|short| before.ends_with(short))
                || (next_is_lower
                    && [" max", " min", "(max", "(min", " no", " temp", " temps"]
                        .iter()
                        .any(|short| before.ends_with(short))))
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}
