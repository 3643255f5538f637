//! How the C library's allocator keeps large buffers.
//!
//! glibc takes large buffers from the system and gives them back when they are freed, until the first is freed: from then on it keeps those
//! as large in its heap, which what is small breaks into pieces. Decoded objects are such buffers. Where its threshold is
//! fixed, a history of Rails takes 134 MiB of memory instead of 176, and no more time.

/// From how many bytes on a buffer is given back when it is freed: more than most objects have, so that few are.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 1 << 20;

/// Tells the allocator to give back large buffers; nothing where there is no such allocator.
pub(super) fn give_back_large_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "sound: it takes two numbers, and is called before there are other threads")]
    // It fails where the allocator is another one, and then changes nothing.
    let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}
