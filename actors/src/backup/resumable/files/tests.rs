use super::*;
use crate::backup::folder::BackupType;
use crate::backup::sha256;

fn files(root: &Path) -> Files {
    Files::new(Arc::new(Place::new(root.to_owned(), None, 0)))
}

fn create(files: &Files, device: &str) -> UploadId {
    let folder = Folder {
        device: device.parse().unwrap(),
        kind: BackupType::Logs,
    };
    let sha256 = sha256::of_reader(&b"abc"[..]).unwrap();
    let plan = Plan::new(&folder, "a.log".to_owned(), sha256, 3, Layout::whole(3));
    files.create(&plan, None, Boot::At(1)).unwrap()
}

fn count(files: &Files) -> usize {
    fs::read_dir(&files.folder).unwrap().count()
}

#[test]
fn an_upload_is_found_until_it_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let files = files(root.path());
    let id = create(&files, "pi");
    let plan = files.plan(&id).unwrap().unwrap();
    assert_eq!(plan.folder().unwrap().to_string(), "pi/logs");
    assert!(files.open(&id).unwrap().is_some());
    files.remove(&id).unwrap();
    assert!(files.plan(&id).unwrap().is_none());
    assert!(files.open(&id).unwrap().is_none());
    assert_eq!(count(&files), 0);
}

#[test]
fn an_upload_is_not_begun_beneath_an_unmounted_disk() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("backups");
    let files = files(&root);
    let id = create(&files, "pi");
    fs::rename(&root, folder.path().join("unmounted")).unwrap();
    fs::create_dir(&root).unwrap();
    assert!(files.plan(&id).unwrap().is_none());
    let sha256 = sha256::of_reader(&b"abc"[..]).unwrap();
    let pi = Folder {
        device: "pi".parse().unwrap(),
        kind: BackupType::Logs,
    };
    let plan = Plan::new(&pi, "a.log".to_owned(), sha256, 3, Layout::whole(3));
    let begun = files.create(&plan, None, Boot::At(1));
    assert!(matches!(begun, Err(BackupError::NotMounted)));
    assert_eq!(files.expire(SystemTime::now()).unwrap(), 0);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
}

#[test]
fn an_upload_expires_a_week_after_it_was_touched() {
    let root = tempfile::tempdir().unwrap();
    let files = files(root.path());
    let ids = [create(&files, "a"), create(&files, "b")];
    let week_ago = SystemTime::now() - MAX_AGE - Duration::from_secs(1);
    for id in &ids {
        for kind in [PLAN, PART, PROGRESS] {
            let file = File::open(files.path(id, kind)).unwrap();
            file.set_modified(week_ago).unwrap();
        }
    }
    let (_, progress) = files.open(&ids[1]).unwrap().unwrap();
    progress.set_modified(SystemTime::now()).unwrap();
    assert_eq!(files.expire(week_ago + MAX_AGE).unwrap(), 0);
    assert_eq!(files.expire(SystemTime::now()).unwrap(), 1);
    assert!(files.plan(&ids[0]).unwrap().is_none());
    assert!(files.plan(&ids[1]).unwrap().is_some());
    assert_eq!(count(&files), 3);
}

#[test]
fn a_device_has_a_few_uploads_at_most_and_the_oldest_makes_room() {
    let root = tempfile::tempdir().unwrap();
    let files = files(root.path());
    let others = create(&files, "other");
    let ids: Vec<UploadId> = (0..PER_DEVICE).map(|_| create(&files, "pi")).collect();
    for (age, id) in ids.iter().enumerate() {
        for kind in [PLAN, PART, PROGRESS] {
            let touched = SystemTime::now() - Duration::from_secs(60 + age as u64);
            let file = File::open(files.path(id, kind)).unwrap();
            file.set_modified(touched).unwrap();
        }
    }
    create(&files, "pi");
    let left: Vec<bool> = ids
        .iter()
        .map(|id| files.plan(id).unwrap().is_some())
        .collect();
    assert_eq!(left, [vec![true; PER_DEVICE - 1], vec![false]].concat());
    assert!(files.plan(&others).unwrap().is_some());
}

#[test]
fn a_folder_that_cannot_be_read_is_an_error_and_no_missing_upload() {
    let root = tempfile::tempdir().unwrap();
    let files = files(root.path());
    std::os::unix::fs::symlink(FOLDER, &files.folder).unwrap();
    let id = UploadId::random();
    files.plan(&id).unwrap_err();
    files.open(&id).unwrap_err();
    files.expire(SystemTime::now()).unwrap_err();
}
