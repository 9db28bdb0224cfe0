use std::path::Path;
use std::time::Duration;

use super::*;
use crate::admission::Admission;
use crate::backup::sha256;
use crate::backup::staging::Staging;
use crate::fair_admission::FairAdmission;

fn begin(root: &Path, max_bytes: u64) -> (Upload, Admission) {
    begin_in(Place::new(root.to_owned(), None, 0), max_bytes)
}

fn begin_in(place: Place, max_bytes: u64) -> (Upload, Admission) {
    let admission = Admission::new(1, 0);
    let turn = futures_util::FutureExt::now_or_never(admission.admit().unwrap().turn()).unwrap();
    let place = Arc::new(place);
    (
        Upload::new(
            Staging::new(Arc::clone(&place)).create().unwrap(),
            place,
            max_bytes,
            turn,
            Account::open(Reporter::default()),
        ),
        admission,
    )
}

fn staged_files(root: &Path) -> usize {
    fs::read_dir(root.join(".staging")).unwrap().count()
}

async fn until(mut condition: impl FnMut() -> bool) {
    tokio::time::timeout(Duration::from_secs(10), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .unwrap();
}

fn noise(size_bytes: usize) -> Vec<u8> {
    (0..=250_u8).cycle().step_by(31).take(size_bytes).collect()
}

#[tokio::test]
async fn what_is_written_in_pieces_is_on_the_disk_with_its_digest() {
    let root = tempfile::tempdir().unwrap();
    let content = noise(3 * BLOCK_BYTES + 17);
    let (mut upload, _admission) = begin(root.path(), u64::MAX);
    for piece in content.chunks(7001) {
        upload.write(piece).await.unwrap();
    }
    let staged = upload.finish().await.unwrap();
    assert_eq!(fs::read(staged.file.path()).unwrap(), content);
    assert_eq!(staged.size_bytes, content.len() as u64);
    assert_eq!(staged.sha256, sha256::of_reader(&content[..]).unwrap());
    assert_eq!(
        staged.modified,
        staged
            .file
            .as_file()
            .metadata()
            .unwrap()
            .modified()
            .unwrap()
    );
}

#[tokio::test]
async fn an_upload_beside_batches_is_whole() {
    let root = tempfile::tempdir().unwrap();
    let content = noise(2 * BLOCK_BYTES + 17);
    let batches = FairAdmission::new(1, 0);
    let _batch = batches.enter("car").await.unwrap();
    let place = Place::new(root.path().to_owned(), None, 0).beside(batches);
    let (mut upload, _admission) = begin_in(place, u64::MAX);
    upload.write(&content).await.unwrap();
    let staged = upload.finish().await.unwrap();
    assert_eq!(fs::read(staged.file.path()).unwrap(), content);
}

#[tokio::test]
async fn a_piece_of_several_blocks_is_kept_in_order() {
    let root = tempfile::tempdir().unwrap();
    let content = noise(5 * BLOCK_BYTES + 1);
    let (mut upload, _admission) = begin(root.path(), u64::MAX);
    upload.write(&content).await.unwrap();
    let staged = upload.finish().await.unwrap();
    assert_eq!(fs::read(staged.file.path()).unwrap(), content);
}

#[tokio::test]
async fn the_limit_itself_is_allowed_and_one_byte_more_is_not() {
    let root = tempfile::tempdir().unwrap();
    let (mut upload, _admission) = begin(root.path(), 10);
    upload.write(&[0; 10]).await.unwrap();
    let refused = upload.write(&[0]).await;
    assert!(matches!(
        refused,
        Err(BackupError::TooLarge { max_bytes: 10 })
    ));
    until(|| staged_files(root.path()) == 0).await;
    upload.finish().await.unwrap_err();
}

#[tokio::test]
async fn a_dropped_upload_leaves_neither_file_nor_slot_taken() {
    let root = tempfile::tempdir().unwrap();
    for size_bytes in [10, 4 * BLOCK_BYTES] {
        let (mut upload, admission) = begin(root.path(), u64::MAX);
        upload.write(&noise(size_bytes)).await.unwrap();
        drop(upload);
        until(|| staged_files(root.path()) == 0).await;
        assert_eq!(admission.running(), 0);
    }
}

#[tokio::test]
async fn a_staged_file_holds_its_slot_until_it_is_dropped() {
    let root = tempfile::tempdir().unwrap();
    let (mut upload, admission) = begin(root.path(), u64::MAX);
    upload.write(b"abc").await.unwrap();
    let staged = upload.finish().await.unwrap();
    assert_eq!(admission.running(), 1);
    drop(staged);
    assert_eq!((admission.running(), staged_files(root.path())), (0, 0));
}

#[tokio::test]
async fn the_free_space_is_checked_while_a_large_file_arrives() {
    let root = tempfile::tempdir().unwrap();
    for (size_bytes, is_refused) in [(STEP_BYTES - 1, false), (STEP_BYTES, true)] {
        let place = Place::new(root.path().to_owned(), None, u64::MAX);
        let (mut upload, _admission) = begin_in(place, u64::MAX);
        let content = noise(usize::try_from(size_bytes).unwrap());
        let written = upload.write(&content).await;
        let staged = match written {
            Ok(()) => upload.finish().await,
            Err(error) => Err(error),
        };
        assert_eq!(matches!(staged, Err(BackupError::DiskFull)), is_refused);
    }
}
