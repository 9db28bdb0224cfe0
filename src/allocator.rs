//! Settings of the C library's allocator.

/// Larger blocks are mapped from the system one by one, and go back to it as soon as they are freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED_FROM_BYTES: libc::c_int = 1024 * 1024;

/// Frees the memory of large batches once they are stored. Must be called before threads are started.
///
/// By default glibc raises the size from which blocks are mapped, up to 32 MiB, whenever one is freed. The blocks of later
/// batches then come from the heaps of the threads that read them, and most of that memory is never returned: eight clients
/// with batches of 10 MB took 145 MiB instead of 90 MiB.
#[allow(unsafe_code)]
pub fn return_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `mallopt` has no preconditions but its types. A value that it refuses changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
    }
}
