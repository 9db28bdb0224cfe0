/// `long` in the longer proofs of `deploy/test.sh --long`, `usual` otherwise: a number of cases, rows or seconds.
pub(crate) fn effort<T>(usual: T, long: T) -> T {
    if std::env::var_os("TEST_LONG").is_some_and(|value| value == "1") {
        long
    } else {
        usual
    }
}
