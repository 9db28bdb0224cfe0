//! Uploads in parts.

use std::time::SystemTime;

use bytes::Bytes;

use super::*;
use crate::backup::resumable::{
    AppendUpload, CreateUpload, CreatedUpload, FindUpload, FinishUpload, MAX_AGE, PartialUpload,
    UploadId,
};

impl Fixture {
    async fn begin(&self, content: &[u8]) -> UploadId {
        self.create(content).await.unwrap().id
    }

    async fn create(&self, content: &[u8]) -> Result<CreatedUpload, BackupError> {
        let create = CreateUpload {
            folder: folder(),
            name: "car.log".parse().unwrap(),
            file_bytes: content.len() as u64,
            sha256: sha256::of_reader(content).unwrap(),
            blocks: None,
            turn: self.admission.enter().await.unwrap(),
        };
        self.actor.send(create).await.unwrap()
    }

    async fn append(&self, id: &UploadId, offset: u64) -> PartialUpload {
        let append = AppendUpload {
            id: id.clone(),
            only: None,
            offset,
            bytes: None,
            is_last: false,
            turn: self.admission.enter().await.unwrap(),
        };
        self.actor.send(append).await.unwrap().unwrap()
    }
}

#[actix::test]
async fn a_file_that_arrives_in_two_requests_is_stored() {
    let fixture = Fixture::keeping(30);
    let id = fixture.begin(b"abc").await;
    let mut first = fixture.append(&id, 0).await;
    first.write(Bytes::from_static(b"ab")).await.unwrap();
    let settled = first.settle().await.unwrap();
    assert_eq!((settled.offset(), settled.is_whole()), (2, false));
    drop(settled);
    let mut second = fixture.append(&id, 2).await;
    second.write(Bytes::from_static(b"c")).await.unwrap();
    let settled = second.settle().await.unwrap();
    assert_eq!((settled.offset(), settled.is_whole()), (3, true));
    let finish = FinishUpload { settled };
    let stored = fixture.actor.send(finish).await.unwrap().unwrap();
    assert_eq!(fs::read(stored.path).unwrap(), b"abc");
}

#[actix::test]
async fn a_request_of_before_a_panic_is_replaced_and_ends_before_the_next_one_begins() {
    let fixture = Fixture::keeping(30);
    let id = fixture.begin(b"abc").await;
    let mut first = fixture.append(&id, 0).await;
    assert!(!first.is_replaced());
    fixture.actor.send(Panic).await.unwrap_err();
    let find = FindUpload {
        id: id.clone(),
        only: None,
    };
    let mut found = Box::pin(fixture.actor.send(find));
    let replaced = first.replaced();
    tokio::select! {
        () = replaced => {}
        early = &mut found => panic!("{early:?} before the end of the first request"),
        () = sleep(WAIT_LIMIT) => panic!("it is not replaced"),
    }
    assert!(first.is_replaced());
    first.write(Bytes::from_static(b"ab")).await.unwrap();
    drop(first);
    assert_eq!(found.await.unwrap().unwrap().offset, 2);
}

#[actix::test]
async fn uploads_that_were_untouched_for_a_week_are_removed_at_the_start() {
    let fixture = Fixture::keeping(30);
    let (old, new) = (fixture.begin(b"old").await, fixture.begin(b"new").await);
    let folder = fixture.root.path().join(".uploads");
    let of = |id: &UploadId| {
        let id = id.to_string();
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
        let own = entries.filter(|it| it.file_name().to_str().unwrap().starts_with(&id));
        own.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    for path in of(&old) {
        let file = fs::File::open(path).unwrap();
        let untouched = SystemTime::now() - MAX_AGE - Duration::from_secs(1);
        file.set_modified(untouched).unwrap();
    }
    let Fixture { root, .. } = fixture;
    let _fixture = Fixture::on(root, 30);
    timeout(WAIT_LIMIT, async {
        while !of(&old).is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it is removed");
    assert_eq!(of(&new).len(), 3);
}

#[actix::test]
async fn the_limit_itself_is_allowed_and_one_byte_more_is_not() {
    let fixture = Fixture::keeping(30);
    fixture.create(&[7; 1000]).await.unwrap();
    let refused = fixture.create(&[7; 1001]).await;
    assert!(matches!(
        refused,
        Err(BackupError::TooLarge { max_bytes: 1000 })
    ));
}

#[actix::test]
async fn an_upload_is_found_for_its_own_device_only() {
    let fixture = Fixture::keeping(30);
    let id = fixture.begin(b"abc").await;
    let find = |device: &str| FindUpload {
        id: id.clone(),
        only: Some(device.parse().unwrap()),
    };
    let foreign = fixture.actor.send(find("other")).await.unwrap();
    assert!(matches!(foreign, Err(BackupError::ForeignDevice)));
    let own = fixture.actor.send(find("pi")).await.unwrap().unwrap();
    assert_eq!((own.offset, own.stream_bytes), (0, 3));
}
