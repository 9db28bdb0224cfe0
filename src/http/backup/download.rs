//! Sends a file, whole or in part.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::time::UNIX_EPOCH;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, ContentDisposition, ContentRange, ContentRangeSpec, ContentType,
    DispositionParam, DispositionType, ETag, EntityTag, Header as _, IfNoneMatch, IfRange,
    LastModified, Range, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse};
use actors::backup::OpenedBackup;
use actors::runtime::blocking;
use bytes::Bytes;
use futures_util::{Stream, stream};

use crate::http::bodies::Detail;

const BLOCK_BYTES: u64 = 128 * 1024;

/// The part of a file that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// From one byte to another, that one included.
    Between(u64, u64),
    /// From beyond the end.
    Nothing,
}

/// The answer to a request for this backup: the file, a part of it, or that the client's copy is current.
pub(super) fn answer(request: &HttpRequest, opened: OpenedBackup) -> HttpResponse {
    let size_bytes = opened.backup.size_bytes;
    let tag = entity_tag(&opened);
    if is_known(IfNoneMatch::parse(request).ok().as_ref(), &tag) {
        return HttpResponse::NotModified()
            .insert_header(ETag(tag))
            .finish();
    }
    let range = Range::parse(request).ok();
    let if_range = IfRange::parse(request).ok();
    let (status, start, length) = match part(range.as_ref(), if_range.as_ref(), &tag, size_bytes) {
        Part::Whole => (StatusCode::OK, 0, size_bytes),
        Part::Between(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Part::Nothing => {
            return HttpResponse::RangeNotSatisfiable()
                .insert_header(content_range(None, size_bytes))
                .json(Detail::new("The range lies beyond the end of the file"));
        }
    };
    let mut response = HttpResponse::build(status);
    if status == StatusCode::PARTIAL_CONTENT {
        response.insert_header(content_range(Some((start, start + length - 1)), size_bytes));
    }
    response
        .insert_header(ETag(tag))
        .insert_header(LastModified(opened.modified.into()))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header(ContentType::octet_stream())
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(opened.backup.filename)],
        })
        .body(SizedStream::new(length, read(opened.file, start, length)))
}

/// The digest of the file; if none is known, its size and modification time.
fn entity_tag(opened: &OpenedBackup) -> EntityTag {
    let digest = opened.backup.sha256.map(|digest| digest.to_string());
    EntityTag::new_strong(digest.unwrap_or_else(|| {
        let age = opened.modified.duration_since(UNIX_EPOCH);
        let written_ns = age.unwrap_or_default().as_nanos();
        format!("{:x}-{written_ns:x}", opened.backup.size_bytes)
    }))
}

fn is_known(known: Option<&IfNoneMatch>, tag: &EntityTag) -> bool {
    match known {
        None => false,
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
    }
}

/// One range is answered as requested; several at once, or a range of another version, with the whole file.
fn part(
    range: Option<&Range>,
    if_range: Option<&IfRange>,
    tag: &EntityTag,
    size_bytes: u64,
) -> Part {
    let is_same_file = match if_range {
        None => true,
        Some(IfRange::EntityTag(known)) => known.strong_eq(tag),
        // Two versions may share a second.
        Some(IfRange::Date(_)) => false,
    };
    match range {
        Some(Range::Bytes(ranges)) if is_same_file => match ranges.as_slice() {
            [range] => match range.to_satisfiable_range(size_bytes) {
                Some((first, last)) => Part::Between(first, last),
                None => Part::Nothing,
            },
            _ => Part::Whole,
        },
        _ => Part::Whole,
    }
}

fn content_range(range: Option<(u64, u64)>, size_bytes: u64) -> ContentRange {
    ContentRange(ContentRangeSpec::Bytes {
        range,
        instance_length: Some(size_bytes),
    })
}

/// Reads block by block, each in the blocking pool. A file that became shorter ends with an error,
/// and the client sees a broken connection instead of a wrong file.
fn read(file: File, start: u64, length: u64) -> impl Stream<Item = io::Result<Bytes>> {
    let end = start + length;
    stream::try_unfold((file, start), move |(file, at)| async move {
        if at == end {
            return Ok(None);
        }
        blocking(move || {
            // At most a block, so it fits.
            let mut block = vec![0; usize::try_from(BLOCK_BYTES.min(end - at)).unwrap_or_default()];
            file.read_exact_at(&mut block, at)?;
            let next = at + block.len() as u64;
            Ok(Some((Bytes::from(block), (file, next))))
        })
        .await
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ByteRangeSpec, HttpDate};

    use super::*;

    fn tag(text: &str) -> EntityTag {
        EntityTag::new_strong(text.to_owned())
    }

    fn asked(ranges: &[ByteRangeSpec]) -> Part {
        part(Some(&Range::Bytes(ranges.to_vec())), None, &tag("a"), 100)
    }

    #[test]
    fn a_range_is_cut_to_the_file() {
        use ByteRangeSpec::{From, FromTo, Last};
        assert_eq!(asked(&[FromTo(0, 0)]), Part::Between(0, 0));
        assert_eq!(asked(&[FromTo(10, 500)]), Part::Between(10, 99));
        assert_eq!(asked(&[From(99)]), Part::Between(99, 99));
        assert_eq!(asked(&[Last(5)]), Part::Between(95, 99));
        assert_eq!(asked(&[From(100)]), Part::Nothing);
        assert_eq!(asked(&[Last(0)]), Part::Nothing);
    }

    #[test]
    fn no_range_or_several_mean_the_whole_file() {
        assert_eq!(part(None, None, &tag("a"), 100), Part::Whole);
        assert_eq!(
            asked(&[ByteRangeSpec::From(1), ByteRangeSpec::From(2)]),
            Part::Whole
        );
        let lines = Range::Unregistered("lines".to_owned(), "1-2".to_owned());
        assert_eq!(part(Some(&lines), None, &tag("a"), 100), Part::Whole);
    }

    #[test]
    fn the_rest_of_another_version_is_never_sent() {
        let range = Range::Bytes(vec![ByteRangeSpec::From(50)]);
        let resumed = |if_range| part(Some(&range), Some(&if_range), &tag("a"), 100);
        assert_eq!(resumed(IfRange::EntityTag(tag("a"))), Part::Between(50, 99));
        assert_eq!(resumed(IfRange::EntityTag(tag("b"))), Part::Whole);
        let weak = EntityTag::new_weak("a".to_owned());
        assert_eq!(resumed(IfRange::EntityTag(weak)), Part::Whole);
        let now = HttpDate::from(std::time::SystemTime::now());
        assert_eq!(resumed(IfRange::Date(now)), Part::Whole);
    }

    #[test]
    fn a_client_with_a_current_copy_gets_no_body() {
        assert!(!is_known(None, &tag("a")));
        assert!(is_known(Some(&IfNoneMatch::Any), &tag("a")));
        let weak = EntityTag::new_weak("a".to_owned());
        assert!(is_known(
            Some(&IfNoneMatch::Items(vec![tag("b"), weak])),
            &tag("a")
        ));
        assert!(!is_known(
            Some(&IfNoneMatch::Items(vec![tag("b")])),
            &tag("a")
        ));
    }
}
