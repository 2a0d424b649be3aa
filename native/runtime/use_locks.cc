#include "runtime/use_locks.h"

#include <fcntl.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/vfs.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <thread>

namespace slimnet {
namespace {

#if defined(__linux__)

// File systems whose files another machine may take away: pages that are mapped would be lost with them, and the
// process. From linux/magic.h and statfs(2).
constexpr std::array<uint32_t, 11> kRemote{0x6969,       // nfs
                                           0x517b,       // smb
                                           0xff534d42,   // cifs
                                           0xfe534d42,   // smb2
                                           0x65735546,   // fuse
                                           0x01021997,   // 9p
                                           0x00c36400,   // ceph
                                           0x5346414f,   // afs
                                           0x6b414653,   // kafs
                                           0x0bd00bd0,   // lustre
                                           0x47504653};  // gpfs

// Why files of that file system cannot be shared; empty: they can.
std::string ProblemOf(int file) {
  struct statfs system{};
  if (fstatfs(file, &system) != 0) return SystemText(errno);
  const auto type = static_cast<uint32_t>(system.f_type);
  const bool is_remote = std::find(kRemote.begin(), kRemote.end(), type) != kRemote.end();
  return is_remote ? "the folder is on a file system of another machine" : "";
}

// 0, or what the system says.
int SetLock(int file, short type, const ContentHash& content) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(content[0] >> 2);  // far behind the end, which is allowed
  lock.l_len = 1;
  int result = 0;
  do {
    result = fcntl(file, F_OFD_SETLK, &lock);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

#else

// Locks of a process, which other systems have, are lost as soon as it closes the file anywhere else.
std::string ProblemOf(int) { return "this system has no locks that belong to an open file"; }
int SetLock(int, short, const ContentHash&) { return ENOSYS; }

#endif

bool IsTaken(int error) { return error == EAGAIN || error == EACCES; }

}  // namespace

UseLocks::UseLocks(const std::string& path)
    : file_(path, O_RDWR | O_CREAT | O_NOFOLLOW),
      problem_(file_.IsOpen() ? ProblemOf(file_.descriptor()) : SystemText(errno)) {}

std::string UseLocks::Hold(const ContentHash& content) {
  constexpr int kTries = 100;
  constexpr auto kPause = std::chrono::milliseconds(10);
  int error = 0;
  for (int i = 0; i < kTries; ++i) {
    error = SetLock(file_.descriptor(), F_RDLCK, content);
    if (!IsTaken(error)) break;
    std::this_thread::sleep_for(kPause);
  }
  return error == 0 ? "" : SystemText(error);
}

bool UseLocks::Release(const ContentHash& content) {
  // First given back, then asked for alone: of several that release it at once the last one gets it.
  SetLock(file_.descriptor(), F_UNLCK, content);
  return SetLock(file_.descriptor(), F_WRLCK, content) == 0;
}

void UseLocks::Leave(const ContentHash& content) { SetLock(file_.descriptor(), F_UNLCK, content); }

}  // namespace slimnet
